"""The weekly digest: which weeks are due, their numbers, their words, and how they go out once."""
