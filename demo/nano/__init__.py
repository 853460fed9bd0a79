"""The built-in model: a real but tiny Qwen2.5-VL, the cartoon world it knows, its training and tests."""
