"""What the tools do, as plain functions on any thread: no protocol, no network, no process.

Each takes the arguments of a call and a `Job`, and gives a `Result`; what goes wrong is one, too.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.agents.arguments import Arguments
from demo.agents.dialogues import Dialogue, Dialogues
from demo.agents.given import local_path, open_given
from demo.agents.schemas import CONVERT_TO, arguments_of
from demo.agents.shown import Shown, overlay_shown
from demo.agents.told import dialogue_values, summary
from demo.annotations.command import DRAWN
from demo.answers.trace import PartOpened, PartText
from demo.dialogue.archive import read_session
from demo.dialogue.edits import Editor
from demo.dialogue.engine import ObjectSeen, Segmenting, TurnFinished, begin, run_turn
from demo.dialogue.looking import LookBegun
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json
from demo.errors import (
    DemoError,
    InputError,
    ModelError,
    UnknownRegionError,
    as_exception,
    one_line,
    places_of,
)
from demo.language.references import Resolved, check_question, resolve
from demo.machine.effort import long_work
from demo.machine.packages import import_fault
from demo.models.models import Models
from demo.models.switching import RunningModels
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture

log = logging.getLogger(__name__)

MAX_FILES, MAX_FILE_BYTES = 50, 5_000_000  # of what is handed over in an answer
_UNFORESEEN = "Something went wrong inside the demo. Its log says where."
_STOPPED = "This was stopped before it was done."
_MAX_TOLD = 300  # characters of one message on the way


class Job:
    """One call that runs: how it is stopped, and what it has to say on its way."""

    def __init__(self) -> None:
        self.cancel = threading.Event()
        self._lock, self._new, self._count = threading.Lock(), "", 0.0

    def tell(self, text: str) -> None:
        """Something new happened."""
        with self._lock:
            self._new, self._count = self._new + text, self._count + 1

    def news(self) -> tuple[float, str]:
        """A number that grows with all that happened, and the newest words since this was asked last."""
        with self._lock:
            new, self._new = self._new, ""
            return self._count, new.strip()[-_MAX_TOLD:]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a call: text, values, pictures to look at, and files (names and contents).

    ``session_id`` is the dialogue that it is about.
    """

    text: str
    values: dict[str, Any] = field(default_factory=dict)
    pictures: tuple[Shown, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    session_id: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools over the models that run; ``may_read_files`` says whether agents are this machine's user,
    who may name its files.
    """

    running: RunningModels
    dialogues: Dialogues
    may_read_files: bool

    def call(self, name: str, values: Mapping[str, Any], job: Job) -> Result:
        """Run one tool; a failure is a result with its sentence."""
        return self.guarded(lambda: self._call(name, values, job))

    def guarded(self, work: Callable[[], Result]) -> Result:
        """What the work gives, or a result that says why it gave nothing."""
        try:
            return work()
        except DemoError as error:
            return Result(str(error), is_error=True)
        except BaseException as failure:  # also a panic in Rust, which would end all connections
            if fault := import_fault(as_exception(failure)):
                return Result(fault, is_error=True)
            log.error("a tool failed", extra={"facts": {"error": places_of(failure)}})
            return Result(_UNFORESEEN, is_error=True)

    def _call(self, name: str, values: Mapping[str, Any], job: Job) -> Result:
        does = {
            "ground": self._ground,
            "ask_about_region": self._ask_about_region,
            "overlay": self._overlay,
            "convert": self._convert,
        }
        if name not in does:
            raise InputError(f"There is no such tool. There are {', '.join(does)}.")
        known = arguments_of(name, may_read_files=self.may_read_files)
        return does[name](Arguments.read(name, values, known), job)

    # Asking -----------------------------------------------------------------------------------------

    def _ground(self, given: Arguments, job: Job) -> Result:
        question, is_drawn = check_question(given.text("question")), given.flag("overlay")
        with self._dialogue(given, job) as (dialogue, models):
            part = given.box("within", dialogue.picture.size) if "within" in given else None
            session = self._turn(dialogue, dialogue.session, question, models, job, within=part)
        return self._answered(dialogue, session, job, is_drawn=is_drawn)

    def _ask_about_region(self, given: Arguments, job: Job) -> Result:
        question, is_drawn = check_question(given.text("question")), given.flag("overlay")
        if ("region" in given) == ("box" in given):
            raise InputError(
                "ask_about_region needs a region such as R1, or a box [x1, y1, x2, y2]: one of the two."
            )
        with self._dialogue(given, job) as (dialogue, models):
            session, name = _with_region(dialogue, given, models)
            asked = about_region(question, session, name)
            session = self._turn(dialogue, session, asked, models, job)
        return self._answered(dialogue, session, job, is_drawn=is_drawn)

    @contextmanager
    def _dialogue(self, given: Arguments, job: Job) -> Iterator[tuple[Dialogue, Models]]:
        """The dialogue of a call, which nobody else goes on with meanwhile, and the models."""
        known = self._known(given)
        picture = known.picture if known else self._picture(given, job)
        job.tell(self.running.doing)
        with self.running.use(job.cancel) as models:
            if job.cancel.is_set():
                raise InputError(_STOPPED)
            dialogue = known or Dialogue(begin(picture, models.reasoner), picture)
            if not dialogue.turn.acquire(job.cancel):
                raise InputError(_STOPPED)
            try:
                yield dialogue, models
            finally:
                dialogue.turn.release()

    def _turn(
        self,
        dialogue: Dialogue,
        session: Session,
        question: str | Resolved,
        models: Models,
        job: Job,
        within: PictureBox | None = None,
    ) -> Session:
        """The dialogue, grown by one answer, of a turn that nobody stopped."""
        events = run_turn(
            session,
            question,
            picture=dialogue.picture,
            reasoner=models.reasoner,
            segmenter=models.segmenter,
            cancel=job.cancel,
            asking=models.asking,
            doubt=models.doubt_about(dialogue.picture),
            within=within,
        )
        for event in events:
            _tell(event, job)
            if isinstance(event, TurnFinished):
                session = event.session
        if session.turns[-1].partial:
            raise ModelError(_STOPPED)
        self.dialogues.keep(dialogue, session)
        return session

    def _answered(
        self, dialogue: Dialogue, session: Session, job: Job, *, is_drawn: bool
    ) -> Result:
        """The newest answer; where it cannot be drawn as well, it says so."""
        notes = list(dialogue.picture.notes)
        pictures: tuple[Shown, ...] = ()
        try:
            if is_drawn:
                with self._long_work(job):
                    pictures = (overlay_shown(dialogue.picture, session),)
        except DemoError as error:
            notes.append(str(error))
        values = dialogue_values(session, dialogue.id)
        return Result(
            summary(session, dialogue.id, notes), values, pictures, session_id=dialogue.id
        )

    # Showing and handing over -----------------------------------------------------------------------

    def _overlay(self, given: Arguments, job: Job) -> Result:
        picture, session, known = self._shown(given, job)
        with self._long_work(job):
            shown = overlay_shown(picture, session)
        size = picture.size
        text = (
            f"The picture with {_count(len(session.registry), 'region')}, at {shown.scale:.0%} of its "
            f"size: boxes are in pixels of the picture, {size.width} × {size.height}."
        )
        values = {**dialogue_values(session, known), "scale": shown.scale}
        return Result(text, values, (shown,), session_id=known)

    def _convert(self, given: Arguments, job: Job) -> Result:
        from demo.annotations.annotated import of_session
        from demo.annotations.command import read_input

        to = given.text("to")
        if to not in CONVERT_TO:
            raise InputError(f"to is one of {', '.join(CONVERT_TO)}.")
        if "inputs" in given:
            if any(name in given for name in ("session_id", "image", "session")):
                raise InputError("convert takes inputs, or a dialogue: one of the two.")
            images = _folder(given.text("images")) if "images" in given else None
            with self._long_work(job), _as_arguments():
                paths = [local_path(text) for text in given.texts("inputs")]
                pictures = [each for path in paths for each in read_input(path, images, None)]
                return self._written(to, pictures, given, None)
        picture, session, known = self._shown(given, job)
        with self._long_work(job), _as_arguments():
            return self._written(to, [of_session(session, lambda: picture)], given, known)

    def _written(self, to: str, pictures: list[Any], given: Arguments, known: str | None) -> Result:
        from demo.annotations.command import check_out, write_all
        from demo.annotations.left_out import left_out

        notes = [note for annotated in pictures for note in annotated.notes]
        notes += left_out(to, pictures)
        objects = sum(len(annotated.annotations) for annotated in pictures)
        about = f"{_count(len(pictures), 'picture')} with {_count(objects, 'object')}, as {to}"
        if "out" in given:
            out = local_path(given.text("out")).resolve()
            check_out(out)
            write_all(to, pictures, out)
            text = "\n".join([f"{about}, in {out}.", *notes])
            return Result(text, {"out": str(out), "files": _listed(out)}, session_id=known)
        with tempfile.TemporaryDirectory() as folder:
            write_all(to, pictures, Path(folder))
            files = self._taken(Path(folder), to)
        values = {"out": None, "files": [{"name": n, "bytes": len(c)} for n, c in files]}
        return Result("\n".join([f"{about}.", *notes]), values, files=files, session_id=known)

    def _taken(self, folder: Path, to: str) -> tuple[tuple[str, bytes], ...]:
        """The files of a folder that are handed over: not copies of pictures that the agent has.

        Raises InputError where that is too much.
        """
        listed = [each for each in _listed(folder) if to in DRAWN or not _is_copy(each["name"], to)]
        if len(listed) > MAX_FILES or sum(each["bytes"] for each in listed) > MAX_FILE_BYTES:
            way = (
                "name a folder for them with out" if self.may_read_files else "take another format"
            )
            raise InputError(f"These files are too many or too large to be handed over: {way}.")
        return tuple((each["name"], (folder / each["name"]).read_bytes()) for each in listed)

    # What a call is about ---------------------------------------------------------------------------

    def _known(self, given: Arguments) -> Dialogue | None:
        """The dialogue that a call goes on with. Raises InputError, also where it gives a picture, too."""
        if ("session_id" in given) == ("image" in given):
            raise InputError(
                f"{given.tool} needs an image for something new, or the session_id of an earlier answer to "
                "go on: one of the two."
            )
        if "session_id" not in given:
            return None
        return self.dialogues.find(given.text("session_id").lower())

    def _shown(self, given: Arguments, job: Job) -> tuple[Picture, Session, str | None]:
        """Picture, dialogue and session_id of a call that asks nothing."""
        known = self._known(given)
        if known is not None:
            if "session" in given:
                raise InputError(
                    f"{given.tool} takes a session with its image, not with a session_id."
                )
            return known.picture, known.session, known.id
        if "session" not in given:
            raise InputError(
                f"{given.tool} needs the session that belongs to the image, or a session_id."
            )
        picture = self._picture(given, job)
        with self._long_work(job):
            session = _session(given.value("session"))
        if (session.picture.sha256, session.picture.size) != (picture.sha256, picture.size):
            raise InputError("This session is about another picture than the one given.")
        return picture, session, None

    def _picture(self, given: Arguments, job: Job) -> Picture:
        with self._long_work(job):
            return open_given(given.text("image"), may_read_files=self.may_read_files)

    @contextmanager
    def _long_work(self, job: Job) -> Iterator[None]:
        with long_work(job.cancel, lambda: self.running.in_use):
            yield


@contextmanager
def _as_arguments() -> Iterator[None]:
    """What the command line says of its options is said of the arguments, which are called the same."""
    try:
        yield
    except InputError as error:
        said = str(error).replace("--out", "out").replace("--images", "images")
        raise InputError(said) from error


def _with_region(dialogue: Dialogue, given: Arguments, models: Models) -> tuple[Session, str]:
    """The dialogue with the region that is asked about, and its name. Raises InputError."""
    session = dialogue.session
    if "box" not in given:
        return session, _named(given.text("region"), session)
    box = given.box("box", session.picture.size)
    drawn = Editor(dialogue.picture, models.segmenter).draw_box(session, box).session
    return drawn, drawn.registry.regions[-1].id


def _named(text: str, session: Session) -> str:
    """The one region or object that a text names, in any of the ways in which a question can."""
    found = resolve(check_question(text), session.registry, last=session.last_meant).names
    if len(found) != 1:
        raise UnknownRegionError(session.registry.no_such_name(f"“{one_line(text, 40)}”"))
    return found[0]


def about_region(question: str, session: Session, name: str) -> Resolved:
    """The question so that it is about that region: *it* is the region, or it is cited at the end.

    Raises QuestionError.
    """
    asked = resolve(question, session.registry, last=name)
    if name in asked.names:
        return asked
    cited = f"{question.rstrip(' .?!')} in {name}"
    return resolve(check_question(cited), session.registry, last=name)


def _session(value: object) -> Session:
    if isinstance(value, str):
        return read_session(value.encode("utf-8", "replace"))
    return session_from_json(value)


def _folder(text: str) -> Path:
    folder = local_path(text)
    if not folder.is_dir():
        raise InputError(f"{one_line(text, 200)} is not a folder: name the one with the pictures.")
    return folder


def _tell(event: object, job: Job) -> None:
    if isinstance(event, PartOpened):
        job.tell("\n")
    elif isinstance(event, PartText) and event.part != "answer":  # numbers of the model's own
        job.tell(event.text)
    elif isinstance(event, ObjectSeen):
        job.tell(f"\nA box: {list(event.box.xyxy)}.")
    elif isinstance(event, LookBegun):
        job.tell(f"\nLooking closer at {list(event.look.box.xyxy)}.")
    elif isinstance(event, Segmenting):
        job.tell("\nOutlining what was found.")


def _is_copy(name: str, to: str) -> bool:
    """Whether a file is a picture that goes with labels; masks are pictures, too."""
    from demo.annotations.files import PICTURE_SUFFIXES  # its libraries may be absent

    file = Path(name)
    return file.suffix.lower() in PICTURE_SUFFIXES and (to != "masks" or file.stem == "picture")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _listed(folder: Path) -> list[dict[str, Any]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        {"name": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size}
        for path in files
    ]
