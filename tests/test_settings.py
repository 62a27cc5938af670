"""The configuration: what is wrong is shown with its place, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import example
from bot.domain.errors import InputError
from bot.settings import Settings, load_configuration

GOOD = """\
sources:
  - name: blog
    platform: isso
    purpose: test
    url: https://c.example
    threads: [/a/]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def wrong(folder: Path, text: str) -> str:
    """Return the message for a wrong configuration, with the folder cut off."""
    with pytest.raises(InputError) as caught:
        load_configuration(write(folder, text))
    return str(caught.value).replace(str(folder) + "/", "")


def test_a_source_keeps_its_platforms_own_keys(tmp_path: Path) -> None:
    """They are the platform's to check."""
    settings = load_configuration(write(tmp_path, GOOD)).settings
    assert settings.sources[0].options == {"url": "https://c.example", "threads": ["/a/"]}
    assert settings.data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + "wep: {port: 1}\n",
            "error: wep: there is no such setting\n  --> config.yaml:7:1\n  7 | wep: {port: 1}\n    | ^\n"
            "  help: see config.example.yaml",
        ),
        (
            GOOD + "web:\n  port: 99999\n",
            "error: web.port: Input should be less than or equal to 65535\n  --> config.yaml:8:9\n"
            "  8 |   port: 99999\n    |         ^\n  help: see config.example.yaml",
        ),
        (
            "sources:\n  - name: blog\n    platform: isso\n",
            "error: sources.0.purpose is missing\n  --> config.yaml:2:5\n  2 |   - name: blog\n    |     ^\n"
            "  help: add purpose: here; see config.example.yaml",
        ),
        (
            GOOD + GOOD.removeprefix("sources:\n"),
            "error: two sources are called blog\n  --> config.yaml:7:11\n  7 |   - name: blog\n    |           ^\n"
            "  help: give each a name of its own",
        ),
        (
            GOOD + "digest:\n  timezone: Mars/Olympus\n",
            "error: digest.timezone: this is no time zone; write one like Europe/Berlin or UTC\n"
            "  --> config.yaml:8:13\n  8 |   timezone: Mars/Olympus\n    |             ^\n"
            "  help: see config.example.yaml",
        ),
        (
            GOOD + "follow:\n  match: hour\n",
            "error: follow.match: Input should be 'thread' or 'author'\n  --> config.yaml:8:10\n"
            "  8 |   match: hour\n    |          ^\n  help: see config.example.yaml",
        ),
        (
            "- a\n- b\n",
            "error: a configuration is a mapping of keys\n  --> config.yaml:1:1\n  1 | - a\n    | ^\n"
            "  help: start with: sources:",
        ),
    ],
)
def test_a_mistake_is_shown_with_its_place_and_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    """File, line, column, the line, a caret, and what to write instead."""
    assert wrong(tmp_path, text) == message


def test_two_channels_need_two_names(tmp_path: Path) -> None:
    """Otherwise one of them would never hear anything."""
    text = GOOD + "alerts:\n  slack:\n    - webhook_url: http://a.example\n    - webhook_url: http://b.example\n"
    assert "two channels are called slack" in wrong(tmp_path, text)


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a container needs no file of its own."""
    monkeypatch.setenv("REMOVALWATCH_WEB__PORT", "9000")
    assert load_configuration(write(tmp_path, GOOD + "web: {port: 1}\n")).settings.web.port == 9000


def test_a_wrong_variable_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place in the file would send the owner to the wrong spot."""
    monkeypatch.setenv("REMOVALWATCH_WEB__PORT", "many")
    assert wrong(tmp_path, GOOD).startswith("error: REMOVALWATCH_WEB__PORT: Input should be a valid integer")


def test_a_secret_may_stand_in_a_file_of_its_own_and_is_never_shown(tmp_path: Path) -> None:
    """It is in no repr, and the list of secrets for the log knows it."""
    (tmp_path / "hook").write_text("https://hooks.example/T/B/x\n")
    text = GOOD + f"alerts:\n  slack:\n    - webhook_url: file:{tmp_path}/hook\n"
    text += "database: postgresql://me:p%40ss@db/x\nredis: rediss://:hidden@r/0\n"
    settings = load_configuration(write(tmp_path, text)).settings
    assert settings.secrets == ("https://hooks.example/T/B/x", "p@ss", "hidden")
    assert "hooks.example/T" not in repr(settings)


def test_a_secret_file_that_is_not_there_is_an_error_with_its_place(tmp_path: Path) -> None:
    """Before anything starts."""
    text = GOOD + "alerts:\n  slack:\n    - webhook_url: file:/no/such/file\n"
    assert "the secret file cannot be read: No such file or directory\n  --> config.yaml:9:20" in wrong(tmp_path, text)


def test_the_example_is_the_file_in_the_repository_and_names_every_setting() -> None:
    """Generated and compared: documentation that cannot rot."""
    text = example.text()
    assert Path("config.example.yaml").read_text(encoding="utf-8") == text
    for name, field in Settings.model_fields.items():
        assert f"{name}:" in text
        for inner in getattr(field.annotation, "model_fields", {}):
            assert f"{inner}:" in text, f"{name}.{inner}"


def test_the_example_is_a_good_configuration(tmp_path: Path) -> None:
    """Also with every comment that shows a setting taken out of its comment."""
    assert load_configuration(write(tmp_path, example.text())).settings.sources[0].name == "my-blog"
    lines = [
        line.removeprefix("# ") if line.startswith("#   ") or line.rstrip().endswith(":") else line
        for line in example.text().splitlines()
    ]
    shown = "\n".join(line for line in lines if "/run/secrets" not in line.split("#")[0] or "file:" not in line)
    assert "panel: 0.02" in shown
