"""Health, readiness and metrics over HTTP, for this machine only."""
