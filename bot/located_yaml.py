"""YAML whose every value remembers where it stands, so that a mistake in a file prints like a compiler's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.domain.errors import InputError, Place

MAX_BYTES = 256_000
MAX_DEPTH = 20

_SHOWN = 200  # characters of a source line
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(_CORE + name for name in ("str", "int", "float", "bool", "null", "seq", "map"))
# The spellings that YAML 1.1 (PyYAML), YAML 1.2 and a reader take for the same value.
_CLEAR: dict[str, tuple[str, Callable[[str], Any], str]] = {
    _CORE + "bool": ("true|false", lambda text: text == "true", ", or write true or false"),
    _CORE + "null": ("|~|null", lambda _: None, ", or write null"),
    _CORE + "int": ("-?(0|[1-9][0-9]{0,18})", int, ", or write a plain decimal number"),
    _CORE + "float": (r"-?(0|[1-9][0-9]{0,18})\.[0-9]{1,18}", float, ", or write a plain decimal number"),
}
# Texts in YAML 1.1, but something else in YAML 1.2 or to a reader.
_UNCLEAR = re.compile(r"y|n|0o[0-7]+|[-+]?[0-9]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[-+]?[0-9]+)?", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # as PyYAML counts lines
_HINTS = {
    "'\\t'": "indent with spaces, not with tabs",
    "cannot start any token": "quote a text that begins with this character",
    "mapping values are not allowed": 'quote a text that contains ": ", and check the indentation',
    "expected <block end>": "start the entries of one list or mapping in the same column",
    "could not find expected ':'": "write `key: value`, or quote the text",
    "single document": "keep one document in the file: remove the line ---",
}


@dataclass(frozen=True, slots=True)
class Located:
    """Plain values (dict, list, str, int, float, bool, None), and where in the file each of them stands."""

    value: Any
    file: str
    lines: Sequence[str]
    root: Node | None

    def place(self, location: Sequence[str | int], *, at_key: bool = False) -> Place:
        """Return where the value at `location` stands, or the nearest one around it that exists.

        `at_key`: where its key stands, for a key that should not be there.
        """
        node = at = self.root
        for step in location:
            found = _child(node, step)
            if found is None:
                break
            key, node = found
            at = key if at_key else node
        return Place(self.file, 1, 1) if at is None else _place(at.start_mark, self.file)

    def error(self, location: Sequence[str | int], what: str, instead: str = "", *, at_key: bool = False) -> InputError:
        """Return (not raise) the error that points at `location`; `at_key` as in `place`."""
        return _error(what, instead, self.place(location, at_key=at_key), self.lines)


def load(path: Path, *, max_bytes: int = MAX_BYTES) -> Located:
    """Read a file (UTF-8, with or without BOM); InputError with its place for all that is wrong with it."""
    file = str(path)
    start = Place(file, 1, 1)
    try:
        with path.open("rb") as stream:
            content = stream.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputError("there is no such file", instead="create it, or name another one", place=start) from None
    except OSError as error:
        what = f"this file cannot be read: {error.strerror}"
        raise InputError(what, instead="name a file that you may read", place=start) from None
    _check_size(len(content), file, max_bytes)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _after(content[: error.start].decode("utf-8").removeprefix("\ufeff"), file)
        lines = _LINE_BREAK.split(content.decode("utf-8", "replace").removeprefix("\ufeff"))
        what = f"this is not UTF-8 (byte 0x{content[error.start]:02x})"
        raise _error(what, "save the file as UTF-8", place, lines) from None
    return load_text(text, file, max_bytes=max_bytes)


def load_text(text: str, file: str, *, max_bytes: int = MAX_BYTES) -> Located:
    """Read YAML from `text`; `file` is the name to show. InputError for all that is wrong with it."""
    _check_size(len(text.encode("utf-8", "surrogatepass")), file, max_bytes)
    text = text.removeprefix("\ufeff")
    lines = _LINE_BREAK.split(text)
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        what = f"the character U+{ord(text[error.position]):04X} may not stand in a file"
        place = _after(text[: error.position], file)
        raise _error(what, "remove it, or write it as an escape in double quotes", place, lines) from None
    try:
        root = loader.get_single_node()
        return Located(None if root is None else _value(root), file, lines, root)
    except yaml.MarkedYAMLError as error:
        raise _from_yaml(error, file, lines) from None
    except (
        ValueError,
        OverflowError,
    ):  # from PyYAML's scanner: "\UFFFFFFFF", or a %YAML version of 5,000 digits
        place = _place(loader.get_mark(), file)
        raise _error("this number is too large", "write the character itself", place, lines) from None


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases, foreign tags and endless nesting."""

    depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """Compose one node; what is refused here never becomes one."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if event.anchor is not None:
            _refuse(
                "anchors (&) and aliases (*) are not read here",
                event,
                "write the value out, or quote the text",
            )
        if getattr(event, "tag", None) not in (None, *_TAGS):
            _refuse(
                f"the tag {event.tag} is not read here",
                event,
                "remove it, or quote a text that begins with !",
            )
        if self.depth == MAX_DEPTH and not isinstance(event, yaml.ScalarEvent):
            _refuse(f"this is nested more than {MAX_DEPTH} deep", event, "write it flatter")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _value(node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, MappingNode):
        _check_keys(node)
        return {key.value: _value(value) for key, value in node.value}
    return [_value(item) for item in node.value]


def _check_keys(node: MappingNode) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode) or not isinstance(_scalar(key), str):
            _refuse("a key must be a text", key, "quote it")
        if key.value in lines:
            _refuse(
                f"the key {key.value} stands twice, first in line {lines[key.value]}",
                key,
                "remove one of the two",
            )
        lines[key.value] = key.start_mark.line + 1


def _scalar(node: ScalarNode) -> Any:
    text: str = node.value
    plain = node.style is None
    if _SURROGATE.search(text):
        _refuse("half of a surrogate pair is no character", node, "write the character itself")
    if node.tag == _CORE + "str" and not (plain and _UNCLEAR.fullmatch(text)):
        return text
    pattern, convert, or_else = _CLEAR.get(node.tag, ("(?!)", str, ""))
    if not (plain and re.fullmatch(pattern, text)):
        _refuse(f"{text} is ambiguous without quotes", node, f'quote it: "{text}"{or_else}')
    return convert(text)


def _child(node: Node | None, step: str | int) -> tuple[Node, Node] | None:
    """Return the key (of a list: the item) and the value behind one step of a location."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _refuse(what: str, at: Any, instead: str) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=what, problem_mark=at.start_mark, note=instead)


def _from_yaml(error: yaml.MarkedYAMLError, file: str, lines: Sequence[str]) -> InputError:
    what = error.problem or error.context or ""
    place = _place(error.problem_mark or error.context_mark, file)
    if error.note is not None:
        return _error(what, error.note, place, lines)
    hints = [hint for words, hint in _HINTS.items() if words in f"{error.context} {what}"]
    rest = (lines[place.line - 1][place.column - 1 :], *lines[place.line :])
    if not any(line.strip() for line in rest):
        hints = ["close what was opened; the file may have been cut off while it was saved"]
    what = f"this is not YAML: {error.context}, {what}" if error.context else f"this is not YAML: {what}"
    return _error(what, (hints or ["check the quotes, brackets and indentation here"])[0], place, lines)


def _check_size(size: int, file: str, max_bytes: int) -> None:
    if size > max_bytes:
        what = f"this file is larger than {max_bytes:,} bytes"
        raise InputError(what, instead="split it, or name another file", place=Place(file, 1, 1))


def _after(before: str, file: str) -> Place:
    lines = _LINE_BREAK.split(before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _place(mark: Any, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _error(what: str, instead: str, place: Place, lines: Sequence[str]) -> InputError:
    line = lines[place.line - 1] if place.line <= len(lines) and place.column <= _SHOWN else ""
    shown = _printable(line[:_SHOWN])
    return InputError(_printable(what), instead=_printable(instead), place=place, source_line=shown)


def _printable(line: str) -> str:
    """Return a line that cannot steer a terminal, one character for one, so that the caret stays right."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in line)
