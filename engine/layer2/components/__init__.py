"""The components that ship, each a folder with a manifest and a script."""
