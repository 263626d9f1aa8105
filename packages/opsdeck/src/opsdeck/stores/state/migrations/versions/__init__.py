"""One migration a file; its number is its place in the chain."""
