"""The simulated platform of `removalwatch demo`, as an adapter: real HTTP, real tombstones, invented people."""
