"""The one way out to other people's servers: guarded, capped, polite."""
