"""A simulated comment platform with faults and known truth, and what compares that truth with a bot's findings."""
