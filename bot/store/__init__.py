"""The database is the truth. Functions here take a connection and never commit."""
