"""One module a picture: numbers and Latin keys only, because no CJK font can be relied on."""
