"""The three things a template can do to a folder: add a file, inject into one, run a command."""
