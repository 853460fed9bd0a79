"""From a name to a model that llama.cpp runs: its GGUF files, written first where it has none.

It knows files and memory, and fetches nothing.
"""

from __future__ import annotations

TYPE = "q4_0"  # of the files that are written here
