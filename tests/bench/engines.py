"""Both engines on large models without a graphics card: python -m tests.bench.engines [SHAPE …]

Models of the published shapes with weights that mean nothing are asked twice about one picture of 900 visual
tokens, each engine in a process of its own: how long the first answer and a later one take to begin, how
fast tokens come, and how much memory it takes. Where a first answer would take an hour, `--fast` leaves it out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from demo.checkpoints.catalogue import CATALOGUE, Entry
from demo.checkpoints.gguf.convert import plan_conversion
from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.doctor.configs import config_of
from demo.doctor.random_weights import random_model
from demo.machine.precision import GIB
from demo.models.engines import pace_of
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Reasoner, Usage
from demo.reasoners.configuration import CLASSES
from demo.reasoners.llamacpp.loading import load_llama
from demo.reasoners.memory import Plan
from tests import ROOT
from tests.support.published import tokenizer

SHAPES = ("qwen3-vl-2b", "qwen2.5-vl-3b", "regionreasoner-7b")
ENGINES = ("llama.cpp", "4bit", "float32")
QUESTION = "find the thing to the left of the other one"
WORDS = 90  # of the instruction: as many tokens as RegionReasoner's has in its own tokenizer
