"""Words come from a dictionary whose cache nobody else can write."""

from __future__ import annotations

import marshal
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import OperationError
from bot.text import words

SENTENCE = "我来到北京清华大学"
CUT = ["我", "来到", "北京", "清华大学"]


@pytest.fixture(autouse=True)
def own_dictionary() -> Iterator[None]:
    """Give the dictionary back as it was."""
    before = words._jieba().dt
    yield
    words._jieba().dt = before


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a temp folder that everyone shares, with a cache in it that cuts the sentence elsewhere."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "jieba.cache").write_bytes(planted())
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def planted() -> bytes:
    chosen = ["我来", "到", "北京清华", "大学"]
    prefixes = {word[:length]: 0 for word in chosen for length in range(1, len(word))}
    return marshal.dumps(({**prefixes, **dict.fromkeys(chosen, 9)}, 100))


def unprepared() -> None:
    jieba: Any = words._jieba()
    jieba.dt = jieba.Tokenizer()


def test_chinese_is_cut_by_the_dictionary_and_nothing_of_it_is_lost() -> None:
    assert words.cut(SENTENCE, "zh") == CUT
    text = "毛子，来 了 ok"
    assert "".join(words.cut(text, "zh")) == text


@pytest.mark.parametrize("language", ["ru", "uk", "en", "und"])
def test_other_languages_are_cut_at_word_boundaries(language: str) -> None:
    assert words.cut("слава україні, п'ять don't -- 2 go!", language) == [
        "слава",
        "україні",
        "п'ять",
        "don't",
        "2",
        "go",
    ]


def test_spans_are_the_places_of_the_words() -> None:
    assert {SENTENCE[start:end] for start, end in words.spans(SENTENCE)} == set(CUT)
    assert words.spans("") == frozenset()


def test_a_learned_word_is_cut_as_one_and_a_known_one_stays_as_it_was() -> None:
    unprepared()
    assert "大毛二毛" not in words.cut("大毛二毛打架", "zh")
    frequency = words._tokenizer().FREQ["北京"]
    words.learn(["大毛二毛", "北京"])
    assert words.cut("大毛二毛打架", "zh") == ["大毛二毛", "打架"]
    assert words._tokenizer().FREQ["北京"] == frequency


def test_the_cache_goes_into_a_private_folder_and_is_used_again(tmp_path: Path, shared: Path) -> None:
    folder = tmp_path / "data" / "jieba"
    words.prepare(folder, ["大毛二毛"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    written = (folder / "jieba.cache").stat().st_mtime_ns
    words.prepare(folder)
    assert (folder / "jieba.cache").stat().st_mtime_ns == written
    assert words.cut(SENTENCE, "zh") == CUT
    assert sorted(path.name for path in shared.iterdir()) == ["jieba.cache"]


def test_a_cache_planted_in_the_shared_temp_folder_is_not_read(tmp_path: Path, shared: Path) -> None:
    words._jieba().dt = poisoned = words._jieba().Tokenizer()
    assert poisoned.lcut(SENTENCE, HMM=False) == ["我来", "到", "北京清华", "大学"]  # jieba alone believes it
    unprepared()
    assert words.cut(SENTENCE, "zh") == CUT
    words.prepare(tmp_path / "own")
    assert words.cut(SENTENCE, "zh") == CUT
    assert (shared / "jieba.cache").read_bytes() == planted()


def test_a_cache_from_a_folder_that_others_could_write_to_is_thrown_away(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "jieba.cache").write_bytes(planted())
    folder.chmod(0o777)
    words.prepare(folder)
    assert words.cut(SENTENCE, "zh") == CUT
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_cache_that_was_cut_off_is_built_again(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    (folder / "jieba.cache").write_bytes(planted()[:-9])
    words.prepare(folder)
    assert words.cut(SENTENCE, "zh") == CUT


def test_a_folder_that_cannot_be_made_private_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationError, match=r"file.jieba cannot be made a private folder .*: Not a directory"):
        words.prepare(tmp_path / "file" / "jieba")


def test_the_first_use_says_nothing_on_the_terminal(tmp_path: Path) -> None:
    code = "from bot.text import words; words.prepare(__import__('pathlib').Path('c')); print(words.cut('毛子', 'zh'))"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path / "fresh"), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("['毛子']\n", "")
