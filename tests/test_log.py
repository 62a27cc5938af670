"""The log: one pipeline, no secret in it, no control character raw."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.errors import InputError
from bot.log import MASK, configure, masker, printable

TOKEN = "8123:AAE/x y+z=&ü"
HOSTILE = "\x1b]0;x\x07\r\nINFO login ok\x9b31m\x7f\u202e\u2028"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers, root.level, sys.excepthook
    yield
    root.handlers, sys.excepthook = handlers, hook
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def _fail(message: str) -> None:
    raise ValueError(message) from OSError(message)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_structlog_and_the_standard_library_give_lines_of_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="info")
    structlog.get_logger("bot.intake").info("page stored", comments=3)
    logging.getLogger("asyncio").warning("slow by %.1f s", 0.25)
    first, second = _lines(capsys)
    assert first["event"] == "page stored"
    assert first["comments"] == 3
    assert (first["logger"], first["level"]) == ("bot.intake", "info")
    assert second["event"] == "slow by 0.2 s"
    assert (second["logger"], second["level"]) == ("asyncio", "warning")
    assert str(first["timestamp"]).endswith("Z")
    assert first.keys() - {"comments"} == second.keys()


def test_bound_context_is_in_every_line_of_structlog(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="info")
    with structlog.contextvars.bound_contextvars(batch=7):
        structlog.get_logger().info("looked")
    assert _lines(capsys)[0]["batch"] == 7


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("x").info("quiet")
    structlog.get_logger().warning("heard")
    assert [line["event"] for line in _lines(capsys)] == ["heard"]


def test_a_level_that_does_not_exist_is_an_input_error_with_the_possible_ones() -> None:
    with pytest.raises(InputError, match=r"'loud' does not exist(.|\n)*debug, info, warning"):
        configure(json=True, level="loud")


def test_configuring_again_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="info")
    configure(json=True, level="info")
    structlog.get_logger().info("once")
    assert len(_lines(capsys)) == 1


def test_warnings_of_python_go_through_the_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="info", secrets=[TOKEN])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"old {TOKEN}", UserWarning, stacklevel=1)
    line = _lines(capsys)[0]
    assert line["logger"] == "py.warnings"
    assert TOKEN not in str(line["event"])


@pytest.mark.parametrize("as_json", [True, False])
def test_a_hostile_text_cannot_forge_a_line_or_reach_the_terminal(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reliability S17: in the event, in a value, in a key, and in what other libraries log."""
    configure(json=as_json, level="info")
    structlog.get_logger().info(HOSTILE)
    structlog.get_logger().info("x", value=HOSTILE, nested={HOSTILE: [HOSTILE]}, **{HOSTILE: 1})
    logging.getLogger("lib").info("%s", HOSTILE)
    written = capsys.readouterr().err
    assert written.count("\n") == 3
    assert len(written.splitlines()) == 3
    assert all(c.isprintable() or c == "\n" for c in written)
    assert "INFO login ok" in written


def test_an_exception_cannot_forge_a_line_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=False, level="info")
    try:
        _fail(HOSTILE)
    except ValueError:
        structlog.get_logger().exception("failed")
    head, *trace = capsys.readouterr().err.rstrip("\n").split("\n")
    assert "failed" in head
    assert all(line.startswith("  | ") and line.isprintable() for line in trace)
    assert "\\x1b]0;x\\x07\\r" in "".join(trace)


def test_an_exception_is_one_json_line_without_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="info")
    hidden_local = "not for the log"
    try:
        _fail(str(len(hidden_local)))
    except ValueError:
        logging.getLogger("x").exception("failed")
    line = _lines(capsys)[0]
    assert "ValueError: 15" in str(line["exception"])
    assert hidden_local not in str(line)


@given(st.text())
@example(HOSTILE)
@example("\ud800")
def test_printable_leaves_nothing_that_is_not(text: str) -> None:
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


SPELLINGS = {
    "as it is": TOKEN,
    "url-encoded": quote(TOKEN, safe=""),
    "url-encoded, path": quote(TOKEN),
    "url-encoded, lower case": quote(TOKEN, safe="").lower().replace("aae", "AAE"),
    "form-encoded": quote_plus(TOKEN),
    "in quotes": json.dumps(TOKEN, ensure_ascii=False),
    "base64": base64.b64encode(TOKEN.encode()).decode(),
    "base64 with a user": base64.b64encode(f"u:{TOKEN}".encode()).decode(),
    "base64 in the middle": base64.b64encode(f"user:{TOKEN}:end".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"b:{TOKEN}>>>???".encode()).decode(),
    "base64, url-encoded": quote(base64.b64encode(TOKEN.encode()), safe=""),
}


def _leaks(text: str) -> bool:
    """Return whether six characters in a row of any spelling are left; its ends may mix with other text in base64."""
    middle = [spelling.strip('="')[4:-6] for spelling in SPELLINGS.values()]
    return any(part[i : i + 6] in text for part in middle for i in range(len(part) - 5))


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_secret_is_masked_however_it_is_spelt(spelling: str) -> None:
    assert _leaks(f"GET https://host/{spelling}/send")
    masked = masker([TOKEN])(f"GET https://host/{spelling}/send failed")
    assert MASK in masked
    assert not _leaks(masked)
    assert masked.startswith("GET https://host/")
    assert masked.endswith("/send failed")


@given(st.text(min_size=1).filter(lambda text: text.strip()), st.text(), st.text())
def test_no_secret_survives_in_any_surroundings(secret: str, before: str, after: str) -> None:
    masked = masker([secret])(f"{before}{secret}{after}")
    assert MASK in masked
    assert all(secret not in part for part in masked.split(MASK))


def test_of_two_secrets_of_which_one_begins_the_other_nothing_stays() -> None:
    assert masker(["abc", "abc-longer"])("abc-longer abc") == f"{MASK} {MASK}"


def test_an_empty_secret_masks_nothing() -> None:
    assert masker(["", " "])("a text") == "a text"


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_masked_wherever_they_stand_in_a_line(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Reliability S18: messages, arguments, nested values, keys, objects, tracebacks, numbers."""
    configure(json=as_json, level="info", secrets=[TOKEN, "4711000815"])
    log = structlog.get_logger()
    log.info("sending to %s", TOKEN)
    log.info("x", url=f"https://h/{TOKEN}", deep={TOKEN: [(TOKEN,), {TOKEN}]}, error=ValueError(TOKEN), chat=4711000815)
    logging.getLogger("aiohttp").info("%s and %r", TOKEN, TOKEN)
    try:
        _fail(f"cannot connect to https://h/bot{quote(TOKEN)}/send")
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert not _leaks(written)
    assert "4711000815" not in written
    assert written.count(MASK) >= 11


def test_numbers_and_truth_values_keep_their_types(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True, level="info", secrets=[TOKEN])
    structlog.get_logger().info("x", count=3, share=0.5, done=True, nothing=None)
    line = _lines(capsys)[0]
    assert (line["count"], line["share"], line["done"], line["nothing"]) == (3, 0.5, True, None)


def test_a_line_with_wrong_arguments_names_its_place_and_not_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """The standard library would print the arguments raw, past the mask."""
    configure(json=True, level="info", secrets=[TOKEN])
    logging.getLogger("lib").info("%d", TOKEN)
    line = _lines(capsys)[0]
    assert "test_log.py" in str(line["event"])
    assert not _leaks(str(line))


CRASH = """
import sys
from bot.log import configure
configure(json=True, level="info", secrets=["tok-1234567"])
raise RuntimeError("POST https://h/tok-1234567 \\x1b[2J")
"""


def test_an_uncaught_error_is_logged_like_everything_else() -> None:
    ended = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    line = json.loads(ended.stderr)
    assert line["level"] == "critical"
    assert f"POST https://h/{MASK}" in line["exception"]
