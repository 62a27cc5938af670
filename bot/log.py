"""One log pipeline for structlog and the standard library: to stderr, no secret in it, no control character raw."""

from __future__ import annotations

import base64
import json as jsonlib
import logging
import re
import string
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from bot.domain.errors import InputError

MASK = "***"
# A piece of base64 shorter than this stands for less than six bytes: too little to tell it from other text.
_SHORTEST_BASE64 = 8
_UNRESERVED = frozenset(string.ascii_letters + string.digits)


def configure(*, json: bool, level: str, secrets: Collection[str] = ()) -> None:
    """Send every log line of this process to stderr: as JSON lines or, for people, as text.

    `secrets` are masked in every value, also where they are URL-encoded or inside base64.
    `level` is debug, info, warning, error or critical; InputError if it is not.
    """
    handler = _StderrHandler()
    handler.setFormatter(_formatter(json=json, secrets=secrets))
    root = logging.getLogger()
    root.setLevel(_level_number(level))
    root.handlers = [handler]
    for chatty in ("alembic", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_annotations(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def masker(secrets: Collection[str]) -> Callable[[str], str]:
    """Return a function that masks every spelling of every secret in a text."""
    spellings = {spelling for secret in secrets if secret.strip() for spelling in _spellings(secret)}
    if not spellings:
        return str
    # The longest first: where one secret begins another, nothing of the longer one may stay.
    pattern = re.compile("|".join(sorted(spellings, key=len, reverse=True)))
    return lambda text: pattern.sub(MASK, text)


def printable(text: str) -> str:
    """Return `text` with everything that moves a cursor, hides or turns text round written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class _StderrHandler(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Name the place of a line that could not be formatted; logging itself would print its raw arguments."""
        where = f"{record.pathname}:{record.lineno}"
        broken = logging.LogRecord(__name__, logging.ERROR, where, record.lineno, "log line lost: %s", (where,), None)
        try:
            self.stream.write(self.format(broken) + self.terminator)
        except (OSError, ValueError):
            # stderr itself is gone: there is no place left to say so.
            return


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger(__name__).critical("crashed", exc_info=(kind, error, trace))


def _level_number(level: str) -> int:
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise InputError(f"log level {level!r} does not exist", instead="debug, info, warning, error or critical")
    return number


def _annotations() -> list[Processor]:
    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(*, json: bool, secrets: Collection[str]) -> structlog.stdlib.ProcessorFormatter:
    # Tracebacks become text first, without local variables, so that masking and escaping see them.
    common: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _Masking(secrets),
    ]
    render = [_json_line] if json else _text_lines(colors=sys.stderr.isatty())
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_annotations(), processors=[*common, *render])


def _json_line(_logger: Any, _method: str, event: EventDict) -> str:
    # ASCII only, which is the default: bidirectional controls, C1 controls and DEL are escaped too.
    return jsonlib.dumps(event)


def _text_lines(*, colors: bool) -> list[Processor]:
    plain = structlog.dev.plain_traceback
    return [_escape, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def _escape(_logger: Any, _method: str, event: EventDict) -> EventDict:
    escaped = {printable(key): printable(value) if isinstance(value, str) else value for key, value in event.items()}
    if isinstance(event.get("exception"), str):
        # The bar marks each line as part of the traceback, whatever the text of the error pretends to be.
        escaped["exception"] = "\n".join(f"  | {printable(line)}" for line in event["exception"].split("\n"))
    return escaped


class _Masking:
    """Makes every value plain JSON and masks the secrets in it."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._mask = masker(secrets)

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        return {self._mask(key): self._plain(value) for key, value in event.items()}

    def _plain(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {self._mask(str(key)): self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(item) for item in value]
        text = value if isinstance(value, str) else repr(value)
        masked = self._mask(text)
        keeps_its_type = value is None or isinstance(value, bool | int | float)
        return value if keeps_its_type and masked == text else masked


def _spellings(secret: str) -> Iterator[str]:
    """Yield patterns of the ways in which a secret may stand in a text."""
    yield _any_encoding(secret)
    data = secret.encode("utf-8", "surrogatepass")
    # Base64 of a longer text (user:password) holds the secret at one of three offsets; the outermost characters
    # of it mix with the neighbours and are left out.
    for offset, mixed in enumerate((0, 2, 3)):
        piece = base64.b64encode(b"\0" * offset + data).decode()[mixed : (offset + len(data)) * 8 // 6]
        if len(piece) >= _SHORTEST_BASE64:
            yield _any_encoding(piece)
            yield _any_encoding(piece.translate(str.maketrans("+/", "-_")))


def _any_encoding(text: str) -> str:
    return "".join(character if character in _UNRESERVED else _reserved(character) for character in text)


def _reserved(character: str) -> str:
    """Return a pattern for a character that may also be escaped by a backslash or URL-encoded."""
    encoded = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    plus = r"|\+" if character == " " else ""
    return rf"(?:\\?{re.escape(character)}|(?i:{encoded}){plus})"
