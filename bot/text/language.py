"""The language of a comment: by its script and its distinctive letters, then by langdetect."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from langdetect import LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

from bot.text.views import HAN

LANGUAGES = ("zh", "ru", "uk", "en")
UNDECIDED = "und"

_PROFILES = ("zh-cn", "zh-tw", "ru", "uk", "en")
_CHARACTERS_READ = 1_000
_NAMES_AND_ADDRESSES = re.compile(r"https?://\S+|www\.\S+|@\w+")
_HAN = re.compile(f"[{HAN}]")
_KANA_OR_HANGUL = re.compile("[\u3041-\u30ff\u1100-\u11ff\uac00-\ud7a3]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[a-z\u00df-\u00f6\u00f8-\u024f]")
# Letters, and frequent words, that one of the two neighbours has and the other has not.
_UKRAINIAN = re.compile(
    r"[іїєґ]|\b(?:що|щоб|це|цей|ця|цю|як|яка|який|якщо|дуже|дякую|від|він|вона|вони|його|був|буде|бути|чому|або|ще|вже"
    r"|теж|також|зараз|завжди|разом|треба|добре|гарно|гарний|смачно|смачний|зсу|перемога|переможе)\b"
)
_RUSSIAN = re.compile(
    r"[ыэёъ]|\b(?:что|как|какой|какая|если|очень|спасибо|от|он|она|они|его|почему|или|еще|уже|тоже|также|сейчас|всегда"
    r"|вместе|надо|нужно|хорошо|только|когда|меня|мне|нет|чем|с|и|победа|победит)\b"
)


def detect(normalised: str) -> str:
    """Return zh, ru, uk or en; und where the text decides for none of them.

    The script goes first: langdetect alone calls short Chinese Korean, and short Ukrainian Macedonian.
    """
    text = _NAMES_AND_ADDRESSES.sub(" ", normalised[:_CHARACTERS_READ])
    han, other_east_asian = len(_HAN.findall(text)), len(_KANA_OR_HANGUL.findall(text))
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if other_east_asian > han:
        return UNDECIDED
    # A Han character says about as much as three letters.
    if han and 3 * han >= cyrillic + latin:
        return "zh"
    if cyrillic >= latin:
        return _by_marks(text) or _by_profiles(text)
    return _by_profiles(text)


def _by_marks(text: str) -> str | None:
    """Decide a Cyrillic text by what only Ukrainian or only Russian has."""
    ukrainian, russian = len(_UKRAINIAN.findall(text)), len(_RUSSIAN.findall(text))
    if ukrainian == russian:
        return None
    return "uk" if ukrainian > russian else "ru"


def _by_profiles(text: str) -> str:
    detector = _factory().create()
    detector.append(text)
    try:
        found = detector.detect()
    except LangDetectException:  # no letter that a profile knows
        return UNDECIDED
    return found if found in LANGUAGES else UNDECIDED


@cache
def _factory() -> Any:
    """Load the five profiles, at first use: langdetect's own factory would load all 55."""
    factory = DetectorFactory()
    factory.set_seed(0)  # without a seed 6 % of comments change their language from run to run
    files = [Path(PROFILES_DIRECTORY) / name for name in _PROFILES]
    factory.load_json_profile([file.read_text(encoding="utf-8") for file in files])
    return factory
