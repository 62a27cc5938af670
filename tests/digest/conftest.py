"""What every test of the digest needs: a folder for the fonts that the pictures use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep matplotlib's cache out of the home folder, as the program does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        yield
