"""`python -m bot` is `removalwatch`."""

from bot.cli import main

main(prog_name="removalwatch")
