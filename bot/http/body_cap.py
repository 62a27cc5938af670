"""Reads a body up to a limit: what counts is its size after decompression, not on the wire."""

from __future__ import annotations

from aiohttp import StreamReader

_CHUNK_BYTES = 64 * 1024


async def read_capped(content: StreamReader, limit: int) -> bytes | None:
    """Return a body of at most `limit` bytes; None as soon as it turns out to be longer.

    aiohttp inflates piece by piece while it is read, so a bomb stops here after `limit` and one piece.
    """
    body = bytearray()
    async for chunk in content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
