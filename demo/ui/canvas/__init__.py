"""The picture with its regions: drawn, cited, corrected, compared."""
