"""What all parts of the page use: drawn components, text with links, sentences, colours."""
