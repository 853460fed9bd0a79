"""A running app, asked by a program: dialogues about pictures, their turns and regions, as typed values.

    with connect("http://127.0.0.1:7860") as app:
        dialogue = app.open("beach.png")
        turn = dialogue.ask("find the boat")
        print(turn.answer, turn.boxes)

The server remembers nothing of it: a dialogue is here, as `Dialogue.session`.
"""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import httpx2

from demo.errors import STOPPING, DemoError, disk_fault, first_line
from demo.machine.private_files import write_whole
from demo.machine.proxies import proxy_for
from demo.picture.sent import NO_FILE

Source = str | Path | bytes | BinaryIO
Box = tuple[int, int, int, int]  # x1, y1, x2, y2 in picture pixels, 0 ≤ x1 < x2 ≤ width
Point = tuple[int, int]
Json = dict[str, Any]

CONNECT_S = 10.0
SILENCE_S = 60.0  # a server that answers says so every 15 seconds
UPLOAD_S = 300.0
_PAUSE_S = 1.0  # between two tries while a server is not ready
_SESSION, _PICTURE = "session.json", "picture.png"  # which is read by what is in it
_TOO_LONG = "The answer took longer than the time that was given for it."
_ANOTHER_FORM = (
    "{} answers in a form that this client does not know: app and client must be of one version."
)
_NO_ADDRESS = "“{}” is not an address of a server."
_NOT_ONE = (
    "{} is not a dialogue that was saved: it must be a zip file with a session and a picture."
)


class ClientError(DemoError):
    """Base of what can go wrong with a server; ``str(error)`` is its sentence, or one about it."""


class UnreachableError(ClientError):
    """There is no server at that address, or the connection broke off."""


class BusyError(ClientError):
    """The server is stopping or has too much to do: try again later."""


class LoginError(ClientError):
    """The server wants a user name and a password, or others than these."""


class TookTooLongError(ClientError):
    """The time that the caller has given is over."""


class RefusedError(ClientError):
    """What was sent cannot be used, or the model failed; the sentence says why."""


class FileGoneError(RefusedError):
    """The server has an uploaded picture no more, as it was started again or some days have passed."""


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a region, in picture pixels; ``mask`` is COCO's run lengths, or None."""

    id: str
    box: Box
    point: Point | None
    mask: Json | None = field(repr=False)
    mask_quality: float | None


@dataclass(frozen=True, slots=True)
class Region:
    """R1, R2, …: what one turn found, or one thing that a person drew; cite it by its ``id``."""

    id: str
    label: str
    origin: str
    objects: tuple[Object, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes of its objects."""
        return tuple(each.box for each in self.objects)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about an answer; ``level`` is ok, note or warning."""

    kind: str
    level: str
    text: str
    part: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer; ``region`` is None when nothing was found.

    ``scene``, ``focus``, ``think`` and ``answer`` are the parts of what the model wrote, ``raw`` the whole;
    ``partial`` says that it was stopped, ``looks`` are the parts of the picture that the model was shown
    again, enlarged.
    """

    question: str
    references: tuple[str, ...]
    region: Region | None
    scene: str | None
    focus: str | None
    think: str | None
    answer: str | None
    raw: str = field(repr=False)
    partial: bool
    findings: tuple[Finding, ...]
    seconds: float | None
    looks: tuple[Box, ...] = ()

    @property
    def objects(self) -> tuple[Object, ...]:
        """What was found."""
        return self.region.objects if self.region else ()

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes of what was found."""
        return tuple(each.box for each in self.objects)


@dataclass(frozen=True, slots=True)
class Started:
    """The question was understood; ``prompted`` is how the model gets it."""

    prompted: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing has come for a second; ``text`` says what is waited for, where that is known."""

    text: str


@dataclass(frozen=True, slots=True)
class PartBegun:
    """A part of the answer begins: scene, focus, think or answer."""

    part: str


@dataclass(frozen=True, slots=True)
class Text:
    """More text of a part."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class PartOver:
    """A part is complete."""

    part: str


@dataclass(frozen=True, slots=True)
class LookBegun:
    """The model is about to see a part of the picture, enlarged."""

    box: Box


@dataclass(frozen=True, slots=True)
class LookOver:
    """The model has seen the part."""


@dataclass(frozen=True, slots=True)
class ObjectSeen:
    """An object was read in what is still being written."""

    box: Box
    point: Point | None


@dataclass(frozen=True, slots=True)
class MasksBegun:
    """The text is complete, and masks are being made for so many objects."""

    count: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn is over and part of the dialogue."""

    turn: Turn


Event = (
    Started
    | Waiting
    | PartBegun
    | Text
    | PartOver
    | LookBegun
    | LookOver
    | ObjectSeen
    | MasksBegun
    | Finished
)


def connect(
    url: str = "http://127.0.0.1:7860",
    *,
    auth: tuple[str, str] | None = None,
    wait_s: float = 0.0,
    timeout_s: float | None = None,
    verify: bool = True,
) -> App:
    """A running app, logged in with ``auth`` (user name and password) if it has accounts.

    A server that does not answer yet, or is too busy, is asked again for ``wait_s`` seconds. A question
    may take ``timeout_s`` seconds; without a number as long as the server says that it is there, also
    while it still loads its model. Raises ClientError.
    """
    app = App(url, auth, wait_s, timeout_s, verify=verify)
    try:
        app.log_in()
    except BaseException:
        app.close()
        raise
    return app


class App:
    """A running app; see `connect`. To be used by one thread at a time, and closed."""

    def __init__(
        self,
        url: str,
        auth: tuple[str, str] | None,
        wait_s: float,
        timeout_s: float | None,
        *,
        verify: bool,
    ) -> None:
        self.url = _base(url)
        self._auth, self._wait_s, self._timeout_s = auth, wait_s, timeout_s
        try:
            # Cookies tell visitors apart: what is uploaded can be used by who has uploaded it.
            self._http = httpx2.Client(
                base_url=self.url,
                timeout=_patience(SILENCE_S),
                verify=verify,
                proxy=_proxy_for(self.url),
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise ClientError(_NO_ADDRESS.format(url)) from error

    def __enter__(self) -> App:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; what has been answered stays."""
        self._http.close()

    @property
    def health(self) -> Json:
        """``status`` (ok, loading, stopping), ``model`` and more. Raises ClientError."""
        value: object = None
        with suppress(ValueError):
            value = self._send("GET", "health").json()
        if not isinstance(value, dict) or "status" not in value:
            raise ClientError(f"There is another server at {self.url}, not this app.")
        return value

    def log_in(self) -> None:
        """Check that the server is there, and log in where it has accounts. Raises ClientError."""
        _ = self.health
        if self._auth is not None:
            name, password = self._auth
            form = {"username": name, "password": password}
            self._send("POST", "login", data=form, headers={"accept": "application/json"})

    def open(self, picture: Source, name: str | None = None) -> Dialogue:
        """A new dialogue about a picture: a path, a file's bytes, or an open file.

        The server looks at it when the first question is asked. Raises ClientError when a path cannot be
        read.
        """
        content, found = _read(picture)
        return Dialogue(self, content, name or found)

    def load(self, path: str | Path) -> Dialogue:
        """The dialogue of a file that the page or `Dialogue.save` has written. Raises ClientError."""
        session, content, name = _unpacked(Path(path))
        return Dialogue(self, content, name, session)

    def upload(self, content: bytes, name: str) -> str:
        """The path on the server of a file that is sent there. Raises ClientError."""
        sent = {"files": (name or "picture", content)}
        answer = self._send("POST", "gradio_api/upload", files=sent, timeout=_patience(UPLOAD_S))
        with _understood(self.url):
            return str(answer.json()[0])

    def download(self, path: str) -> bytes:
        """A file that the server has made. Raises ClientError."""
        return self._send("GET", f"gradio_api/file={quote(path)}").content

    def call(self, endpoint: str, arguments: Mapping[str, Any]) -> Iterator[Any]:
        """What an endpoint yields; of one that yields once, that is its result.

        Closing the iterator closes the stream, at which the server ends the turn. Raises ClientError.
        """
        until = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        try:
            yield from self._results(endpoint, arguments, until)
        except UnreachableError as error:
            if until is None or time.monotonic() < until:
                raise
            raise TookTooLongError(_TOO_LONG) from error

    def _results(
        self, endpoint: str, arguments: Mapping[str, Any], until: float | None
    ) -> Iterator[Any]:
        begun = self._send("POST", f"gradio_api/call/{endpoint}", json=dict(arguments))
        with _understood(self.url):
            address = f"gradio_api/call/{endpoint}/{begun.json()['event_id']}"
        wanted = "generating" if endpoint.endswith("_stream") else "complete"
        silence = SILENCE_S if self._timeout_s is None else min(SILENCE_S, self._timeout_s)
        with (
            _failures_told(self.url),
            self._http.stream("GET", address, timeout=_patience(silence)) as response,
            _understood(self.url),
        ):
            if not response.is_success:
                response.read()
                raise _error_of(response)
            for kind, value in _server_events(response.iter_lines(), until):
                if kind == "error":
                    raise _refusal(_sentence_in(value))
                if kind == wanted:
                    yield value[0]
                if kind == "complete":
                    return
        raise UnreachableError(f"{self.url} broke off in the middle of an answer. Ask again.")

    def _send(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """The answer to a request, tried again while the server is not ready. Raises ClientError."""
        until = time.monotonic() + self._wait_s
        may_log_in = self._auth is not None and path != "login"
        while True:
            try:
                with _failures_told(self.url):
                    answer = self._http.request(method, path, **sent)
                if answer.is_success:
                    return answer
                raise _error_of(answer)
            except LoginError:
                if not may_log_in:
                    raise
                may_log_in = False
                self.log_in()
            except (UnreachableError, BusyError):
                if time.monotonic() + _PAUSE_S > until:
                    raise
                time.sleep(_PAUSE_S)


class Dialogue:
    """A dialogue about one picture. ``session`` is all of it, in the form in which dialogues are saved."""

    def __init__(self, app: App, picture: bytes, name: str, session: Json | None = None) -> None:
        self.session = session
        self._app, self._picture, self._name = app, picture, name
        self._uploaded: str | None = None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, the newest last."""
        return _turns_of(self.session) if self.session else ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """All regions, R1 first."""
        return _regions_of(self.session) if self.session else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say about how the picture was read; boxes are in pixels of `size`."""
        return tuple(self.session["picture"].get("notes", ())) if self.session else ()

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the picture as the server sees it; None before the first question."""
        facts = self.session and self.session["picture"]
        return (facts["width"], facts["height"]) if facts else None

    def ask(self, question: str, within: Box | None = None) -> Turn:
        """Ask about all of it, or what is ``within`` a box (picture pixels), and wait for the answer.

        It becomes part of the dialogue. Raises ClientError.
        """
        turn = None
        for event in self.stream(question, within):  # to its end, so that the connection stays
            turn = event.turn if isinstance(event, Finished) else turn
        if turn is None:
            raise ClientError(_ANOTHER_FORM.format(self._app.url))
        return turn

    def stream(self, question: str, within: Box | None = None) -> Iterator[Event]:
        """Ask as `ask` does, and tell what happens as it happens; the last event is Finished.

        Only then is the turn part of the dialogue. Closing the iterator, or leaving the loop and dropping
        it, ends the turn on the server. Raises ClientError.
        """
        part = {} if within is None else {"within": list(within)}
        for told in self._call("ground_stream", question=question, session=self.session, **part):
            with _understood(self._app.url):
                is_over = told["event"] == "finished"
                event = Finished(_turns_of(told["session"])[-1]) if is_over else _event_of(told)
            if is_over:
                self.session = told["session"]
            if event is not None:
                yield event

    def overlay(self) -> bytes:
        """The picture with the regions drawn on it, as a PNG. Raises ClientError."""
        with _understood(self._app.url):
            (drawn,) = self._call("overlay", session=self.session)
            path = str(drawn["path"])
        return self._app.download(path)

    def undo(self) -> bool:
        """Take back the last turn and the region that it made; whether there was one."""
        if self.session is None or not self.session["turns"]:
            return False
        self.session = _without_last(self.session)
        return True

    def branch(self, turn: int | None = None) -> Dialogue:
        """A new dialogue with the turns up to that one (1, 2, …; the last by default).

        Raises IndexError when there is no such turn.
        """
        session, count = self.session, len(self.turns)
        turn = count if turn is None else turn
        if session is None or not 1 <= turn <= count:
            raise IndexError(f"There is no turn {turn} in this dialogue, which has {count}.")
        while len(session["turns"]) > turn:
            session = _without_last(session)
        origin = {"of": session["id"], "turn": turn}
        made = {**session, "id": uuid.uuid4().hex, "branch": origin}
        return Dialogue(self._app, self._picture, self._name, made)

    def save(self, path: str | Path) -> None:
        """Write dialogue and picture into one zip file, which the page and `App.load` open. A file that is
        there stays complete until the new one is.

        Raises ClientError before the first question, and when it cannot be written.
        """
        if self.session is None:
            raise ClientError("There is nothing to save yet: ask something first.")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            text = json.dumps(self.session, ensure_ascii=False, indent=1)
            archive.writestr(_SESSION, text, zipfile.ZIP_DEFLATED)
            archive.writestr(_PICTURE, self._picture)
        try:
            write_whole(Path(path), packed.getvalue())
        except OSError as error:
            raise ClientError(f"{path} cannot be written: {disk_fault(error)}.") from error

    def _call(self, endpoint: str, **arguments: Any) -> Iterator[Any]:
        """What an endpoint yields about the picture, which is sent again if the server has it no more."""
        is_fresh = self._uploaded is None
        try:
            yield from self._app.call(endpoint, {"image": self._image(), **arguments})
        except FileGoneError:
            if is_fresh:
                raise
            self._uploaded = None
            yield from self._app.call(endpoint, {"image": self._image(), **arguments})

    def _image(self) -> Json:
        if self._uploaded is None:
            self._uploaded = self._app.upload(self._picture, self._name)
        return {"path": self._uploaded}


def _base(url: str) -> str:
    address = url.strip()
    return (address if "://" in address else f"http://{address}").rstrip("/") + "/"


def _proxy_for(url: str) -> str | None:
    """The proxy for an address, where there is one. Raises ValueError for what is no address."""
    if not urlsplit(url).hostname:
        raise ValueError("no host")
    proxy = proxy_for(url)
    return proxy.url if proxy else None


def _patience(seconds: float) -> httpx2.Timeout:
    """So long may a server say nothing."""
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_S))


def _read(picture: Source) -> tuple[bytes, str]:
    if isinstance(picture, bytes):
        return picture, "picture"
    if not isinstance(picture, str | Path):
        return picture.read(), Path(str(getattr(picture, "name", "picture"))).name
    try:
        return Path(picture).read_bytes(), Path(picture).name
    except OSError as error:
        raise ClientError(f"{picture} cannot be read: {disk_fault(error)}.") from error


def _unpacked(path: Path) -> tuple[Json, bytes, str]:
    """Session, picture and its name. What is in them is for the server to judge."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_content(name)]
            found = next(name for name in names if name.endswith(_SESSION))
            session: Json = json.loads(archive.read(found))
            content = archive.read(next(name for name in names if name != found))
            return session, content, str(session["picture"]["name"])
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {disk_fault(error)}.") from error
    except (zipfile.BadZipFile, StopIteration, LookupError, TypeError, ValueError) as error:
        raise ClientError(_NOT_ONE.format(path)) from error


def _is_content(name: str) -> bool:
    """Whether it is the name of a file, and not one of those that systems add."""
    return not (name.endswith("/") or name.startswith("__MACOSX") or "/." in f"/{name}")


@contextmanager
def _failures_told(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise ClientError(_NO_ADDRESS.format(url)) from error
    except ValueError as error:  # half a character, a number that is none
        raise RefusedError(f"This cannot be sent: {first_line(error)}.") from error
    except httpx2.TimeoutException as error:
        raise UnreachableError(f"{url} does not answer. Is the app running there?") from error
    except httpx2.HTTPError as error:
        raise UnreachableError(f"{url} cannot be reached: {error}.") from error


@contextmanager
def _understood(url: str) -> Iterator[None]:
    """What is read of an answer has the form that it should have. Raises ClientError."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ClientError(_ANOTHER_FORM.format(url)) from error


def _error_of(answer: httpx2.Response) -> ClientError:
    """What a response says that is none of success."""
    status, value = answer.status_code, None
    with suppress(ValueError):
        value = answer.json()
    if answer.has_redirect_location:
        return RefusedError(f"This address leads to {answer.headers['location']}: give that one.")
    sentence = _sentence_in(value, f"The server answers with status {status} and no reason.")
    if status == 401 or (status == 429 and answer.url.path.endswith("/login")):
        return LoginError(sentence)
    if status in (429, 502, 503, 504):
        return BusyError(sentence)
    return FileGoneError(sentence) if status == 403 else RefusedError(sentence)


def _refusal(sentence: str) -> ClientError:
    kinds: dict[str, type[ClientError]] = {NO_FILE: FileGoneError, STOPPING: BusyError}
    return kinds.get(sentence, RefusedError)(sentence)


def _sentence_in(value: object, otherwise: str = "The server gives no reason.") -> str:
    told = value.get("error") or value.get("detail") if isinstance(value, dict) else value
    return told if isinstance(told, str) and told else otherwise


def _server_events(lines: Iterator[str], until: float | None) -> Iterator[tuple[str, Any]]:
    """The events of a stream (WHATWG, server-sent events) with their values. Raises TookTooLongError."""
    kind = ""
    for line in lines:
        if until is not None and time.monotonic() > until:
            raise TookTooLongError(_TOO_LONG)
        name, _, text = line.partition(":")
        if name == "event":
            kind = text.strip()
        elif name == "data" and kind != "heartbeat":
            yield kind, json.loads(text)


def _event_of(told: Json) -> Event | None:
    """An event of a turn; None for one that a newer server tells."""
    match told["event"]:
        case "started":
            return Started(told["prompted"])
        case "waiting":
            return Waiting(told["text"])
        case "part":
            return PartBegun(told["part"])
        case "text":
            return Text(told["part"], told["text"])
        case "part_end":
            return PartOver(told["part"])
        case "look":
            return LookBegun(_box(told["look"]["box_xyxy"]))
        case "look_end":
            return LookOver()
        case "object":
            return ObjectSeen(_box(told["bbox_xyxy"]), _point(told["point_xy"]))
        case "masks":
            return MasksBegun(told["count"])
    return None


def _turns_of(session: Json) -> tuple[Turn, ...]:
    regions = {region.id: region for region in _regions_of(session)}
    return tuple(_turn_of(turn, regions) for turn in session["turns"])


def _regions_of(session: Json) -> tuple[Region, ...]:
    return tuple(map(_region_of, session["regions"]))


def _turn_of(turn: Json, regions: Mapping[str, Region]) -> Turn:
    findings = (
        Finding(each["kind"], each["level"], each["text"], each.get("part"))
        for each in turn["findings"]
    )
    return Turn(
        question=turn["question"],
        references=tuple(turn["references"]),
        region=regions.get(turn["region"] or ""),
        **{part: turn["trace"].get(part) for part in ("scene", "focus", "think", "answer")},
        raw=turn["raw"],
        partial=turn["partial"],
        findings=tuple(findings),
        seconds=turn["timings"].get("total_s"),
        looks=tuple(_box(look["box_xyxy"]) for look in turn.get("looks", ())),
    )


def _region_of(region: Json) -> Region:
    objects = tuple(map(_object_of, region["objects"]))
    return Region(region["id"], region["label"], region["origin"], objects)


def _object_of(found: Json) -> Object:
    box, point = _box(found["bbox_xyxy"]), _point(found["point_xy"])
    return Object(found["id"], box, point, found["mask"], found["mask_quality"])


def _box(numbers: list[int]) -> Box:
    x1, y1, x2, y2 = numbers
    return x1, y1, x2, y2


def _point(numbers: list[int] | None) -> Point | None:
    return None if numbers is None else (numbers[0], numbers[1])


def _without_last(session: Json) -> Json:
    """The session without its last turn and all regions made since, as the page does."""
    *turns, last = session["turns"]
    named = {turn["region"] for turn in turns}
    made = last["region"] if last["region"] not in named else None
    first = last.get("next_region") or (int(made[1:]) if made else session.get("next_region"))
    kept = [each for each in session["regions"] if first is None or int(each["id"][1:]) < first]
    return {**session, "turns": turns, "regions": kept, "next_region": first}
