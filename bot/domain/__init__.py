"""The ground floor: what the words mean and how a verdict is reached. No I/O, no clock, no randomness."""
