"""Measurements: ratios taken side by side in one run; speed is nowhere asserted in tests."""
