"""GGUF files, which llama.cpp runs: reading them, finding what belongs together, and writing them."""
