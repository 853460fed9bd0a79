"""A multi-turn, region-grounded conversation about a picture."""

import os

# What Apple GPUs have no kernel for runs on the CPU. torch reads this when it is imported.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
