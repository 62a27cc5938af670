"""How long a batch's own SQL takes: claim, load, save, finish, in a small and a large database, in turns."""

from __future__ import annotations


def measure(small: int, large: int, rounds: int) -> dict[str, dict[int, list[float]]]:
    """Return seconds by kind of database and number of tracked comments."""
    raise NotImplementedError
