"""What the channels that speak HTTP share: a session, a pace, and errors that name no address.

Both services put the secret into the address, and aiohttp puts the address into its errors.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bot.domain.errors import ChannelError

_TIMEOUT = aiohttp.ClientTimeout(total=12, connect=8)
# Try later, although the answer is a 4xx: request timeout, too early, too many requests.
_PASSING = frozenset({408, 425, 429})
# A gateway speaks for the service, which may have taken the message and only answered too late.
_GATEWAY = frozenset({502, 504})


class Connection:
    """A session, closed before its event loop ends, and at most one message per `interval` seconds."""

    def __init__(self, service: str, interval: float) -> None:
        self._service = service
        self._interval = interval
        self._next = 0.0
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Wait for the channel's turn and lend the session.

        ChannelError: nothing was delivered. TimeoutError or ConnectionError: nobody knows.
        """
        await asyncio.sleep(self._next - time.monotonic())
        self._next = time.monotonic() + self._interval
        try:
            yield self._open()
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            message = f"the address of {self._service} is no URL: correct it in the configuration"
            raise ChannelError(message, permanent=True) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise ChannelError(f"{self._service} cannot be reached ({type(error).__name__})") from None
        except TimeoutError:
            raise TimeoutError(f"{self._service} did not answer in time") from None
        except (aiohttp.ClientError, UnicodeError) as error:
            message = f"{self._service} gave no readable answer ({type(error).__name__})"
            raise ConnectionError(message) from None

    async def close(self) -> None:
        """Close the session; the next turn opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A fresh connection each time: on a kept one, a server that hung up long ago looks like a lost message.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT)
        return self._session


def refusal(service: str, status: int, detail: str = "", retry_after: float | None = None) -> Exception:
    """Return the error for an answer other than success: ChannelError, or ConnectionError if it may have arrived."""
    message = f"{service} answered HTTP {status}" + (f": {detail}" if detail else "")
    if status < 400 or status in _GATEWAY:
        return ConnectionError(message)
    permanent = status < 500 and status not in _PASSING
    return ChannelError(message, permanent=permanent, retry_after=retry_after)
