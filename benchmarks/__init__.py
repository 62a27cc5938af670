"""Measures what the product promises; each prints figures that can be asserted."""
