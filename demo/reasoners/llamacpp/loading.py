"""From a name to a model that llama.cpp runs: its GGUF files, written first where it has none.

It knows files and memory, and fetches nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from demo.checkpoints.catalogue import LLAMA_CPP, Entry, dialect_of
from demo.checkpoints.fetch import folder_of, gb
from demo.checkpoints.generation import Generation
from demo.checkpoints.gguf.convert import plan_conversion
from demo.checkpoints.gguf.pair import GgufPair, find_pair
from demo.errors import CheckpointError
from demo.machine.cgroups import cores_allowed
from demo.machine.folders import cache_folder
from demo.reasoners.llamacpp.chat import ChatFormat
from demo.reasoners.llamacpp.planning import (
    CONTEXT, LlamaPlan, need_of_files, need_of_shape, plan_llama,
)
from demo.reasoners.llamacpp.reasoner import LlamaCppReasoner, Packed
from demo.reasoners.llamacpp.server import LlamaServer, has_gpu

TYPE = "q4_0"  # of the files that are written here
