"""Nano's architecture, tokenizer and forward passes."""
