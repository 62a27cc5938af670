"""RQ workers: they run what the planner planned."""
