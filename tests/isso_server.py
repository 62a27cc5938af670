"""A real Isso server on loopback, driven as its visitors, authors and moderators drive it."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from tests.requirements import require

_PASSWORD = "let-me-moderate"
_START_SECONDS = 30.0
_CONFIG = """\
[general]
dbpath = {database}
host = http://127.0.0.1:9/
max-age = 7d
notify =
latest-enabled = false
[admin]
enabled = true
password = {password}
[moderation]
enabled = {moderated}
[server]
listen = http://127.0.0.1:{port}
[guard]
enabled = false
reply-to-self = true
require-author = false
require-email = false
"""


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class IssoServer:
    """Isso as a child process; stop and start keep the port, the database and the cookies' signing key.

    `moderated`: new comments wait for a moderator. Use it as a context manager.
    """

    def __init__(self, folder: Path, *, moderated: bool = False, port: int | None = None) -> None:
        require("isso", importlib.util.find_spec("isso"), "run `make install-dev` on a machine with a C compiler")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = folder / "isso.cfg"
        self._log = folder / "isso.log"
        self._database = folder / "comments.db"
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(
            _CONFIG.format(
                database=self._database, password=_PASSWORD, moderated=str(moderated).lower(), port=self.port
            ),
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # Isso's own imports warn; strictness is for this project's code.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "import isso; isso.main()", "-c", str(self._config), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        self._wait_until_it_answers(self._process)

    def stop(self) -> None:
        """Kill the server; its database stays. Afterwards its port refuses connections."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop and start on the same port and database."""
        self.stop()
        self.start()

    def post(self, uri: str, text: str, *, author: str | None = None, parent: int | None = None) -> tuple[int, str]:
        """Write a comment; return its id and the cookie with which its author may edit or delete it."""
        comment = {"text": text, "author": author, "parent": parent, "title": uri}
        status, headers, body = self._ask("POST", "/new?" + urlencode({"uri": uri}), comment)
        assert status in {201, 202}, (status, body)
        return int(json.loads(body)["id"]), _cookie(headers)

    def edit_as_author(self, comment: int, cookie: str, text: str) -> str:
        """Replace a comment's text; return the cookie that is valid from now on."""
        status, headers, body = self._ask("PUT", f"/id/{comment}", {"text": text}, cookie)
        assert status == 200, (status, body)
        return _cookie(headers)

    def delete_as_author(self, comment: int, cookie: str) -> None:
        """Delete a comment with its author's cookie."""
        status, _, body = self._ask("DELETE", f"/id/{comment}", None, cookie)
        assert status == 200, (status, body)

    def delete_as_moderator(self, comment: int) -> None:
        """Delete a comment, or reject a pending one, with a key from the administration page."""
        self._moderate(comment, "delete")

    def activate_as_moderator(self, comment: int) -> None:
        """Publish a pending comment with a key from the administration page."""
        self._moderate(comment, "activate")

    def backdate(self, comment: int, days: float) -> None:
        """Make a comment older, as an import from another blog would; the server need not be stopped."""
        with closing(sqlite3.connect(self._database, timeout=20)) as connection, connection:
            connection.execute("UPDATE comments SET created = created - ? WHERE id = ?", (days * 86_400, comment))

    def _moderate(self, comment: int, action: str) -> None:
        status, _, body = self._ask("POST", f"/id/{comment}/{action}/{self._moderation_key(comment)}")
        assert status == 200, (status, body)

    def _moderation_key(self, comment: int) -> str:
        form = urlencode({"password": _PASSWORD})
        status, headers, _ = self._ask("POST", "/login/", form)
        assert status == 302, "the administration refused its password"
        search = urlencode({"comment_search_url": f"{self.url}/#isso-{comment}"})
        _, _, page = self._ask("GET", f"/admin/?{search}", None, _cookie(headers))
        key = re.search(rf"delete_com\({comment}, '([^']+)'", page)
        assert key, f"comment {comment} is not on the administration page"
        return key[1]

    def _ask(
        self, method: str, path: str, content: object = None, cookie: str = ""
    ) -> tuple[int, http.client.HTTPMessage, str]:
        is_form = isinstance(content, str)
        headers = {"Content-Type": "application/x-www-form-urlencoded" if is_form else "application/json"}
        if cookie:
            headers["Cookie"] = cookie
        body = content if isinstance(content, str) else None if content is None else json.dumps(content)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if self._ask("GET", "/info")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"Isso did not start:\n{self._log.read_text(encoding='utf-8', errors='replace')}")


def _cookie(headers: http.client.HTTPMessage) -> str:
    return str(headers["Set-Cookie"]).split(";", 1)[0]
