"""removalwatch: which comments disappeared, when, and on what evidence."""

__version__ = "0.1.0"
