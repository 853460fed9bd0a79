"""A hub on loopback: serves the checkpoints of a folder as the real one does, and breaks off on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import constants

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Checkpoints by hub id. ``asked`` holds what was fetched: file and first byte.

    ``elsewhere`` holds other states of some, by hub id and revision: their commits and folders. ``told`` is
    what it tells of a checkpoint's configuration beside its files, as the real one often does.
    ``cut`` names files whose connection breaks once, after so many bytes; ``held`` one that stands still
    there until `release`.
    """

    def __init__(self, checkpoints: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.checkpoints = checkpoints
        self.elsewhere: dict[tuple[str, str], tuple[str, Path]] = {}
        self.asked: list[tuple[str, int]] = []
        self.told: dict[str, object] | None = None
        self.cut: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.standing = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def state_of(self, name: str, revision: str) -> tuple[str, Path | None]:
        """The commit and the folder of a checkpoint at a revision."""
        return self.elsewhere.get((name, revision)) or (COMMIT, self.checkpoints.get(name))

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news."""


@contextmanager
def hub_of(checkpoints: dict[str, Path]) -> Iterator[Hub]:
    """A hub that answers until the block ends."""
    hub = Hub(checkpoints)
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        hub.shutdown()
        hub.server_close()
        thread.join()


def ask_only(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process ask that hub, and keep what it fetches in the folder ``cache``."""
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests read ``asked``."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            revision = parts[5] if parts[4:5] in (["revision"], ["tree"]) else "main"
            commit, folder = self.server.state_of("/".join(parts[2:4]), unquote(revision))
            self._list(folder, commit, tree=parts[4:5] == ["tree"])
            return
        revision = unquote(parts[3]) if len(parts) > 3 else "main"
        commit, folder = self.server.state_of("/".join(parts[:2]), revision)
        file = folder / "/".join(parts[4:]) if folder and parts[2:3] == ["resolve"] else None
        if file is None or not file.is_file():
            self._error("EntryNotFound")
            return
        self._file(file, commit, with_body=with_body)

    def _list(self, folder: Path | None, commit: str, *, tree: bool) -> None:
        if folder is None:
            self._error("RepoNotFound")
            return
        files = [
            (f.relative_to(folder).as_posix(), f) for f in sorted(folder.rglob("*")) if f.is_file()
        ]
        if tree:
            self._json([
                {"type": "file", "path": n, "size": f.stat().st_size, "oid": _etag(f)} for n, f in files
            ])  # fmt: skip
            return
        siblings = [{"rfilename": n, "size": f.stat().st_size} for n, f in files]
        answer = {"id": folder.name, "sha": commit, "siblings": siblings, "tags": []}
        self._json(answer | ({"config": self.server.told} if self.server.told else {}))

    def _file(self, file: Path, commit: str, *, with_body: bool) -> None:
        content = file.read_bytes()
        wanted = self.headers.get("Range", "bytes=0-")
        start = int(wanted.removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{_etag(file)}"')
        self.send_header("X-Repo-Commit", commit)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            self.server.asked.append((file.name, start))
            self._body(file.name, content[start:])

    def _body(self, name: str, content: bytes) -> None:
        cut, held = self.server.cut.pop(name, None), self.server.held.pop(name, None)
        if held is not None:
            self.wfile.write(content[:held])
            self.server.standing.set()
            self.server.release.wait(60)
            content = content[held:]
        self.wfile.write(content[:cut])
        self.close_connection = cut is not None

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _error(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _etag(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
