"""Estimates and their intervals: numbers in, numbers out."""
