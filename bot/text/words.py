"""The words of a text: Chinese by jieba's dictionary, other languages between word boundaries."""

from __future__ import annotations

import importlib
import logging
import re
import warnings
from collections.abc import Iterable
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from bot.domain.errors import OperationError

_WORD = re.compile(r"\w+(?:'\w+)*")


def prepare(cache_dir: Path, user_words: Iterable[str] = ()) -> None:
    """Load the Chinese dictionary with a cache in `cache_dir`, made readable by its owner only, and learn words.

    jieba unmarshals that cache, so whoever can write to it decides what our rules see. OperationError where
    the folder cannot be made private. Optional: without it the dictionary is read afresh, half a second slower.
    """
    tokenizer = _jieba().Tokenizer()
    tokenizer.tmp_dir = str(_private(cache_dir))
    tokenizer.initialize()
    _jieba().dt = tokenizer
    learn(user_words)


def learn(user_words: Iterable[str]) -> None:
    """Make each of these normalised Chinese words one that `cut` finds."""
    tokenizer = _tokenizer()
    for word in sorted(set(user_words)):
        if cut(word, "zh") != [word]:
            tokenizer.add_word(word)


def cut(text: str, language: str) -> list[str]:
    """Return the words of a normalised text in their order; of Chinese also what stands between them."""
    if language == "zh":
        # HMM off: its guesses at unknown words depend on what stands around them.
        return list(_tokenizer().cut(text, HMM=False))
    return _WORD.findall(text)


def spans(text: str) -> frozenset[tuple[int, int]]:
    """Return start and end of each word of a Chinese text."""
    return frozenset(pairwise(accumulate(map(len, cut(text, "zh")), initial=0)))


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o022:  # others could write here until now
            (folder / "jieba.cache").unlink(missing_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise OperationError(f"{folder} cannot be made a private folder for the dictionary: {error.strerror}") from None
    return folder


def _tokenizer() -> Any:
    tokenizer = _jieba().dt
    if not tokenizer.initialized:
        # jieba's own way would read and write its cache in the temp folder that everyone shares.
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
    return tokenizer


@cache
def _jieba() -> Any:
    """Import jieba at first use: it costs 60 MB, and warns of its own regular expressions on Python 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jieba = importlib.import_module("jieba")
    jieba.setLogLevel(logging.CRITICAL)
    return jieba
