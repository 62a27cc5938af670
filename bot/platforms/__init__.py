"""The adapters: one folder for each platform, found through registry.py."""
