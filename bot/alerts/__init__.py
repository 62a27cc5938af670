"""How the owner hears of things: the outbox, the words, and one file per channel."""
