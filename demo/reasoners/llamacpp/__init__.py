"""The second engine: GGUF files in this process, through llama.cpp, on machines without a CUDA card too."""
