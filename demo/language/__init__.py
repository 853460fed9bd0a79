"""What a sentence means: words, references to regions, keywords."""
