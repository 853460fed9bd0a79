"""Which models run now, and how another takes their place without a restart.

Whoever lets a model work takes it from here for as long as that lasts; the model is exchanged when nobody
has it. The former one is closed before the next is loaded, so that there must never be room for both, and
it comes back when the next one cannot be loaded. The first ones may still be on their way when this
begins. It knows no page and no dialogue; which models there are and how they are loaded is for
`available.py`.
"""

from __future__ import annotations

import argparse
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from demo.access.exposure import is_private
from demo.checkpoints.remaining import Remaining
from demo.errors import DemoError, InputError, ModelError
from demo.fairlock import asked_by
from demo.models.absent import AbsentReasoner
from demo.models.beside import ModelsBeside
from demo.models.models import loading
from demo.models.served import ServedEntry

if TYPE_CHECKING:
    from demo.access.accounts import Accounts, AccountsFile
    from demo.checkpoints.catalogue import Entry
    from demo.checkpoints.fetch import Download
    from demo.models.available import AvailableModels
    from demo.models.models import Models

log = logging.getLogger(__name__)

NOT_HERE = (
    "Models are chosen here when the app is started: it is open to others than the person who started "
    "it."
)
MAX_OF_ONE = (
    48  # questions of one visitor, or of one address, at a time; the page takes some more in all
)
_MANY_OF_ONE = (
    "Very many questions from here wait already. Wait for some of their answers, and ask again."
)
_ONE_AT_A_TIME = "Another model is being loaded or asked. Wait until that is done."
_STOPPING = "Stopping…"
_WAITING = "Waiting for the answer that is being written…"
_UNFORESEEN = "something went wrong inside the demo"
_STOP_SEEN_S = 0.1  # how often a stop is looked for by those who wait


class RunningModels:
    """The models that run. Where none are available they stay the same.

    Models that are expected only stand there until the real ones `arrive`. ``dress`` is done to models
    before anybody gets them; what is closed are those inside. ``may_switch`` says whether others will be
    available, where they are not yet.
    """

    def __init__(
        self,
        models: Models,
        available: AvailableModels | None = None,
        dress: Callable[[Models], Models] = lambda models: models,
        *,
        may_switch: bool = False,
    ) -> None:
        self._inner, self._available, self._dress = models, available, dress
        self._models = dress(models)
        self._may_switch = may_switch or available is not None
        self._changed = threading.Condition()
        self._users = 0
        self._askers: Counter[str] = Counter()
        # The title of the model that takes over as soon as it can.
        self._next = models.reasoner.name if models.is_expected else None
        # Whether an exchange is under way, with what is fetched for it.
        self._busy = models.is_expected
        self._doing: Callable[[], str] = (lambda: models.status) if models.is_expected else str
        self._fetched: Remaining | None = None
        self._coming: Entry | ServedEntry | None = None  # what takes over unless it cannot be had
        self._refused = ""  # why the first models do not come
        self._given_up = threading.Event()
        self._beside = ModelsBeside()
        self.said = ""
        self.changes = 0

    @property
    def models(self) -> Models:
        """What runs, or ran last while another is being loaded; for its name and what is said of it."""
        return self._models

    @property
    def may_switch(self) -> bool:
        """Whether another model can be chosen while the app runs."""
        return self._may_switch

    @property
    def kept_beside(self) -> tuple[str, ...]:
        """The titles of other models that stay loaded because they were asked, the next to go first."""
        return self._beside.titles

    @property
    def bytes_beside(self) -> int:
        """Bytes of memory that these take, which they give up when another model is chosen."""
        return self._beside.held_bytes

    @property
    def can_switch_now(self) -> bool:
        """The same, once the first models are there."""
        return self._available is not None

    @property
    def is_loading(self) -> bool:
        """Whether the first models are still on their way."""
        return self._inner.is_expected and not self._refused

    @property
    def available(self) -> AvailableModels:
        """Which models there are. Raises InputError where they are not to be chosen, or not yet."""
        if self._available is None:
            raise InputError(_ONE_AT_A_TIME if self.is_loading and self._may_switch else NOT_HERE)
        return self._available

    @property
    def doing(self) -> str:
        """What is being done about another model, in words; nothing most of the time."""
        return self._doing()

    @property
    def share(self) -> float | None:
        """How much of what is being fetched is here, 0 to 1; None where that is unknown or nothing is."""
        fetched = self._fetched
        return None if fetched is None else fetched.share

    @property
    def coming(self) -> str:
        """The title of the model that was chosen and is being fetched or loaded; empty at rest."""
        coming = self._coming
        return "" if coming is None else coming.title

    @contextmanager
    def use(
        self,
        cancel: threading.Event | None = None,
        *,
        next_one: bool = False,
        asker: str | None = None,
    ) -> Iterator[Models]:
        """The models, which stay for as long as the block lasts.

        With ``cancel`` the first models are waited for; once it is set, those that are expected have to do.
        So is a chosen model while it is loaded, and with ``next_one`` while it is fetched, too.
        With ``asker`` this is a question in that visitor's name, among whom the model goes round.
        Raises ModelError with a sentence while another one is on its way, or when none comes.
        """
        with nullcontext() if asker is None else asked_by(asker):
            with self._changed:
                if cancel is not None:
                    self._wait(self._coming if next_one or self._next else None, cancel)
                if cancel is None or not self.is_loading:
                    self._check_ready()
                self._users += 1
                models = self._models
            try:
                yield models
            finally:
                with self._changed:
                    self._users -= 1
                    self._changed.notify_all()

    @contextmanager
    def counted(self, asker: str) -> Iterator[None]:
        """A question in that visitor's name, from when it takes one of the places that all share.

        Raises InputError where very many of theirs are asked already.
        """
        with self._changed:
            if self._askers[asker] >= MAX_OF_ONE:
                raise InputError(_MANY_OF_ONE)
            self._askers[asker] += 1
        try:
            yield
        finally:
            with self._changed:
                self._askers[asker] -= 1
                if not self._askers[asker]:
                    del self._askers[asker]

    def _check_ready(self) -> None:
        if self._refused:
            raise ModelError(self._refused)
        if self._next is not None:
            raise ModelError(f"{self._next} is being loaded. Ask again when it is there.")

    def _wait(self, chosen: Entry | ServedEntry | None, cancel: threading.Event) -> None:
        """Until the first models are there, and one that was ``chosen``. Raises ModelError without it."""

        def is_coming() -> bool:
            return self.is_loading or (chosen is not None and self._coming == chosen)

        while is_coming() and not cancel.is_set():
            self._changed.wait(_STOP_SEEN_S)
        if chosen is None:
            return
        if self._coming == chosen:
            raise ModelError(f"Stopped: {chosen.title} was not there yet, so this was not asked.")
        if self._inner.entry != chosen:
            raise ModelError(f"{chosen.title} did not come, so this was not asked.")

    @property
    def in_use(self) -> bool:
        """Whether anybody lets the models work just now."""
        return self._users > 0

    # The first ones --------------------------------------------------------------------------------

    def expect(self, entry: Entry) -> None:
        """That model is being loaded now; which one it would be may not have been known before."""
        with self._changed:
            self._next, self._doing = entry.title, lambda: loading(entry.title)
            self._fetched = None

    def fetching(self, order: Download) -> Callable[[int], None]:
        """The first model is being fetched; what is returned is to be told of the bytes that arrive."""
        self._fetched = fetched = Remaining(order.size)
        first = loading(order.title).removesuffix("…")
        self._doing = lambda: f"{first}{order.progress(fetched.arrived, str(fetched))}…"
        return fetched.add

    def arrive(self, models: Models, available: AvailableModels | None) -> None:
        """The first models are there: they are given to all who wait for them."""
        with self._changed:
            self._inner, self._available = models, available
            self._models = self._dress(models)
            self._next, self._busy, self._doing = None, False, str
            self._fetched = None
            self.changes += 1
            self._changed.notify_all()

    def refuse(self, sentence: str) -> None:
        """The first models do not come: those who wait for them are told why."""
        with self._changed:
            if self.is_loading:
                self._refused, self._doing = sentence, str
                self._changed.notify_all()

    # Another model ---------------------------------------------------------------------------------

    def switch(self, entry: Entry | ServedEntry, *, fetch: bool = False) -> None:
        """Begin to exchange the model, which goes on by itself; ``said`` and ``changes`` tell the end.

        With ``fetch`` its weights are fetched first, while the present one goes on answering. Raises
        InputError where models are not to be chosen, and while another is on its way.
        """
        available = self.available
        with self._changed:
            if self._busy:
                raise InputError(_ONE_AT_A_TIME)
            self._busy, self.said, self._coming = True, "", entry
            self._doing = lambda: loading(entry.title)
            self._given_up.clear()
        work = threading.Thread(target=self._exchange, args=(available, entry, fetch), daemon=True)
        work.start()

    @contextmanager
    def beside(self, entry: Entry | ServedEntry) -> Iterator[Models]:
        """Another model, or the one that runs, for one question or several.

        Where both fit it stays loaded for the next time (see `beside`), else the one that runs makes room
        for it and comes back. Raises InputError where models are not to be chosen, and while another is on
        its way; ModelError when it cannot be loaded.
        """
        available = self.available
        if entry == self._inner.entry:
            with self.use() as models:
                yield models
            return
        with self._changed:
            if self._busy:
                raise InputError(_ONE_AT_A_TIME)
            self._busy, self._doing = True, lambda: loading(entry.title)
        try:
            if isinstance(entry, ServedEntry) or self._beside.make_room(available, entry):
                other = self._beside.take(available, entry, self._inner.segmenter)
                self._doing = str
                try:
                    yield self._dress(other)
                finally:
                    self._beside.settle()
            else:
                yield from self._in_its_place(available, entry)
        finally:
            with self._changed:
                self._busy, self._doing = False, str
                self._changed.notify_all()

    def _in_its_place(self, available: AvailableModels, entry: Entry) -> Iterator[Models]:
        """Another model for as long as it is asked, while the one that runs is not loaded."""
        former = self._inner
        available.check(entry, former.reasoner.held_bytes)
        with self._alone(entry.title):
            former.reasoner.close()
            other = None
            try:
                other = available.load(entry, former.segmenter)
                self._doing = str
                yield self._dress(other)
            finally:
                if other is not None:
                    other.reasoner.close()
                if former.entry is not None:
                    self._doing = lambda: f"Loading {former.reasoner.name} again…"
                    self.said = self._replaced(available, former.entry)
                    self.changes += 1

    def stop_fetching(self) -> None:
        """Give up what is being fetched; the model that runs goes on."""
        self._given_up.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of an exchange; whether it came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, seconds)

    def close(self) -> None:
        """Free the models that run."""
        self.stop_fetching()
        self._beside.close()
        self._inner.reasoner.close()

    def _exchange(
        self, available: AvailableModels, entry: Entry | ServedEntry, fetch: bool
    ) -> None:
        said = ""
        try:
            if isinstance(entry, ServedEntry):
                self._take_over(available.load(entry, self._inner.segmenter), entry)
            else:
                if fetch:
                    self._fetch(available, entry)
                self._write(available, entry)
                self._beside.close()
                available.check(entry, self._inner.reasoner.held_bytes)
                with self._alone(entry.title):
                    self._doing = lambda: loading(entry.title)
                    said = self._replaced(available, entry)
        except DemoError as error:
            goes_on = f"{self._inner.reasoner.name} goes on. "
            said = f"{'' if isinstance(self._inner.reasoner, AbsentReasoner) else goes_on}{error}"
        except BaseException:  # such as a panic in Rust: others wait for the end of this
            log.exception("no other model")
            said = f"{self._inner.reasoner.name} goes on: {_UNFORESEEN}."
        with self._changed:
            self._busy, self._doing, self.said = False, str, said
            self._coming = None
            self.changes += 1
            self._changed.notify_all()

    def _take_over(self, served: Models, entry: ServedEntry) -> None:
        """A model that is there already takes over; the former one was kept until that was certain."""
        with self._alone(entry.title):
            self._beside.close()
            self._inner.reasoner.close()
            self._inner, self._models = served, self._dress(served)
        log.info("model", extra={"facts": {"model": served.reasoner.name, "failed": 0}})

    def _fetch(self, available: AvailableModels, entry: Entry) -> None:
        """The model, and then what makes its outlines finer, without which it works as well."""
        self._fetch_one(available, available.order(entry))
        if (masks := available.masks()) is not None:
            try:
                self._fetch_one(available, masks, is_model=False)
            except ModelError as error:
                log.info("masks: %s", error)
        self._doing = lambda: loading(entry.title)

    def _fetch_one(
        self, available: AvailableModels, order: Download, *, is_model: bool = True
    ) -> None:
        with self._told(
            order.size,
            lambda done: f"Fetching {order.title}{order.progress(done.arrived, str(done))}…",
        ) as add:
            available.fetch(order, add, self._given_up, is_model=is_model)

    def _write(self, available: AvailableModels, entry: Entry) -> None:
        """Write a checkpoint for the engine that will run it, once, while the present model goes on."""
        files = available.unwritten(entry)
        if files is None:
            return
        with self._told(
            files.missing,
            lambda done: f"Preparing {entry.title} for this computer: {_how_far(done)}…",
        ) as add:
            available.write(files, add, self._given_up)
        self._doing = lambda: loading(entry.title)

    @contextmanager
    def _told(
        self, size: int | None, words: Callable[[Remaining], str]
    ) -> Iterator[Callable[[int], None]]:
        """While so many bytes come: yields what is to be told of them; ``words`` say how far it is."""
        self._fetched = done = Remaining(size)
        self._doing = lambda: _STOPPING if self._given_up.is_set() else words(done)
        try:
            yield done.add
        finally:
            self._fetched = None

    @contextmanager
    def _alone(self, title: str) -> Iterator[None]:
        """While nobody else has the models: those who have them finish, nobody new gets them."""
        with self._changed:
            self._next = title
            if self._users:
                self._doing = lambda: _WAITING
            self._changed.wait_for(lambda: not self._users)
        try:
            yield
        finally:
            with self._changed:
                self._next = None

    def _replaced(self, available: AvailableModels, entry: Entry | ServedEntry) -> str:
        """Load another model in the place of the one that runs, or that one again; what to say of it."""
        former = self._inner
        self._beside.close()
        former.reasoner.close()
        tried: Sequence[Entry | ServedEntry | None] = (entry, former.entry, available.smallest)
        failures: list[str] = []
        for each in dict.fromkeys(e for e in tried if e is not None):
            try:
                self._inner = available.load(each, former.segmenter)
                self._models = self._dress(self._inner)
            except DemoError as error:
                failures.append(str(error))
            except BaseException:
                log.exception("a model could not be loaded")
                failures.append(f"{each.title} could not be loaded: {_UNFORESEEN}.")
            else:
                name = self._inner.reasoner.name
                log.info("model", extra={"facts": {"model": name, "failed": len(failures)}})
                return f"{name} runs again. {' '.join(failures)}" if failures else ""
        return f"No model runs now. {' '.join(failures)}"


def _how_far(done: Remaining) -> str:
    """Such as *34 %, about 2 minutes left*."""
    return ", ".join(filter(None, (f"{100 * (done.share or 0):.0f} %", str(done))))


def may_switch(
    options: argparse.Namespace,
    accounts: Accounts | AccountsFile | None,
    environment: Mapping[str, str],
) -> bool:
    """Whether the server is there for one person alone, who may exchange its model."""
    others = options.share or accounts or options.behind_proxy
    return not others and is_private(options.host, environment)
