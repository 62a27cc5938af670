"""What a source on Isso is: a server, and the pages whose comments are watched."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from yarl import URL

from bot.http.address_guard import refusal


class IssoOptions(BaseModel):
    """Options of a source; `interval` is seconds between requests to the server, where the default does not fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    threads: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    interval: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @field_validator("url")
    @classmethod
    def _is_a_server(cls, text: str) -> str:
        url = URL(text)
        if refused := refusal(url):
            raise ValueError(f"{refused}; write the address of the Isso server, e.g. https://comments.example.org")
        if url.query_string or url.fragment:
            raise ValueError("the address of an Isso server has no ? or #: pages go under threads")
        return str(url).rstrip("/")

    @field_validator("threads")
    @classmethod
    def _are_different(cls, threads: list[str]) -> list[str]:
        twice = {uri for uri in threads if threads.count(uri) > 1}
        if twice:
            raise ValueError(f"listed twice: {', '.join(sorted(twice))}")
        return threads
