"""Which model and which segmenter run, and why, in words for people.

It reads options and looks at the machine; it loads through `reasoners/` and `segmenters/` and knows
nothing of how they work.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from demo.checkpoints.catalogue import CATALOGUE, TRANSFORMERS, Entry, find_model
from demo.checkpoints.fetch import Arrived, Download, ensure_fetched, folder_of
from demo.dialects.ways import MAX_WAIT_S, REASONED_TOKENS, usual_way, way_sentence
from demo.errors import ModelError, NoModelError, OptionError
from demo.machine.devices import best_device, card_fault
from demo.machine.packages import INSTALL
from demo.models.absent import absent_models
from demo.models.best import Candidate, best_of, candidate_of, sentence_of
from demo.models.drawn_world import World
from demo.models.engines import AnyPlan, is_installed, load_model, pace_of, plan_model
from demo.models.models import NANO_ADVICE, SERVED_AT_ONCE, SEVEN_B, Models
from demo.models.served import ServedEntry, source_of
from demo.options import check_asking, check_models
from demo.reasoners.base import Reasoner, Tell, to_stderr
from demo.reasoners.memory import Plan
from demo.reasoners.zero import ZeroReasoner, answer_in_time
from demo.remote.address import read_address
from demo.remote.connection import Limits
from demo.remote.reasoner import RemoteReasoner, connect
from demo.segmenters.base import Segment, Segmenter
from demo.segmenters.factory import Room, choose_segmenter, sizes_for
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.segmenters.zero import ZeroSegmenter
from demo.zerogpu import GpuGateway, on_space, on_zero_gpu, zero_gpu

Begin = Callable[[Entry], None]
Fetching = Callable[[Download], Arrived | None]
CLICKED = Limits(connect_s=5, list_s=10)  # for a server that answered a moment ago
_NO_TORCH = "qwen3-vl-2b-gguf"


@dataclass(frozen=True, slots=True)
class _Picked:
    """A model whose weights are here, how it will be loaded, and why it is this one.

    ``slow`` says what to expect of it where there is no CUDA GPU.
    """

    entry: Entry
    plan: AnyPlan
    why: str
    slow: str = ""


def choose(
    options: argparse.Namespace,
    tell: Tell = to_stderr,
    begin: Begin = lambda _: None,
    fetching: Fetching = lambda _: None,
) -> Models:
    """Load what the options ask for. Raises InputError or ModelError with a sentence.

    ``tell`` gets what people should know while they wait; ``begin`` is called with the model that is
    about to be fetched or loaded, ``fetching`` as by `ensure_fetched`.
    """
    check_models(options)
    if options.server:
        return _served(options, tell)
    gpu = zero_gpu() if on_zero_gpu() else None  # before anything asks for CUDA
    picked = _picked(options, tell, begin, fetching)
    try:
        begin(picked.entry)
        return _loaded(picked, options, gpu, tell)
    except ModelError as error:
        if options.model != "auto" or picked.entry.name == "nano":
            raise
        because = f"The built-in model runs because {picked.entry.title} cannot: {error}"
        picked = _nano(options, because)
        begin(picked.entry)
        return _loaded(picked, options, gpu, tell)


def load(
    entry: Entry | ServedEntry,
    options: argparse.Namespace,
    former: Segmenter | None,
    tell: Tell = to_stderr,
) -> Models:
    """Another model under the same options, chosen in the page. Raises ModelError.

    What ``former``, the segmenter that ran with the last one, holds is not loaded again.
    """
    if isinstance(entry, ServedEntry):
        reasoner, _ = connect(entry.address, entry.id, CLICKED, dialect=entry.dialect)
        why = f"{entry.title} on {entry.place} was chosen here."
        return _on_server(reasoner, entry, why, options, tell, former)
    plan = _plan(entry, options)
    picked = _Picked(entry, plan, f"{entry.title} was chosen here.", _slowness(entry, plan, tell))
    return _loaded(picked, options, None, tell, former)


def choose_or_none(options: argparse.Namespace, begin: Begin, fetching: Fetching) -> Models:
    """What `choose` loads, for a page where a model can be chosen: it may begin without any."""
    try:
        return choose(options, begin=begin, fetching=fetching)
    except NoModelError as error:
        sizes = _sizes(options)
        room = Room(best_device(), sizes[0] if sizes else None)
        segmenter, masks = choose_segmenter(options.segmenter, room)
        return absent_models(segmenter, f"{error} {masks}")


def _served(options: argparse.Namespace, tell: Tell) -> Models:
    """The model on a server that the options name."""
    address = read_address(options.server)
    reasoner, why = connect(address, options.model, dialect=options.dialect)
    try:
        check_asking(options.asking, reasoner.dialect, reasoner.name)
    except OptionError:
        reasoner.close()
        raise
    place = f"the server at {address.host}"
    source, title = source_of(address, reasoner.id), reasoner.name
    entry = ServedEntry(source, title, reasoner.id, address, place, dialect=options.dialect)
    return _on_server(reasoner, entry, why, options, tell)


def _on_server(
    reasoner: RemoteReasoner,
    entry: ServedEntry,
    why: str,
    options: argparse.Namespace,
    tell: Tell,
    former: Segmenter | None = None,
) -> Models:
    """A model on a server; here only the masks are made."""
    world = World.load() if reasoner.name == "nano" else None
    doubt = "" if reasoner.is_known else reasoner.wording
    if doubt:
        tell(doubt)
    sizes = _sizes(options)
    segmenter, masks = choose_segmenter(
        options.segmenter,
        Room(best_device(), sizes[0] if sizes else None),
        drawn=world.belongs if world else None,
        fetch=on_space(),
        former=former,
    )
    return Models(
        reasoner,
        segmenter,
        status=f"{reasoner.name} · {reasoner.device} · masks: {segmenter.name if segmenter else 'none'}",
        advice=NANO_ADVICE if world else doubt,
        why=f"{why} {reasoner.wording} {masks}",
        world=world,
        at_once=SERVED_AT_ONCE,
        entry=entry,
        asking=usual_way(reasoner.dialect, options.asking, None),
    )


def _loaded(
    picked: _Picked,
    options: argparse.Namespace,
    gpu: Any,
    tell: Tell,
    former: Segmenter | None = None,
) -> Models:
    entry, plan = picked.entry, picked.plan
    is_nano = entry.is_nano
    reasoner = load_model(entry, plan, tell)
    world = World.load() if is_nano else None
    segmenter, masks = choose_segmenter(
        options.segmenter,
        Room(plan.device, plan.sam2),
        drawn=world.belongs if world else None,
        fetch=on_space(),
        former=former,
    )
    if gpu is not None:
        reasoner, segmenter = _behind_gateway(gpu, reasoner, segmenter)
    way = usual_way(reasoner.dialect, options.asking, _speed(plan))
    built_in = " · built in" if is_nano else ""
    name = segmenter.name if segmenter else "none"
    return Models(
        reasoner,
        segmenter,
        status=f"{reasoner.name}{built_in} · {reasoner.device} · masks: {name}",
        advice=NANO_ADVICE if is_nano else "",
        why=" ".join(
            said
            for said in (picked.why, plan.why, picked.slow, entry.wording, way_sentence(way), masks)
            if said
        ),
        world=world,
        entry=entry,
        asking=way,
    )


def _picked(options: argparse.Namespace, tell: Tell, begin: Begin, fetching: Fetching) -> _Picked:
    """The model the options ask for, with its weights on this machine.

    Of a model that is known, whether it fits and how slow it is are said before anything is fetched.
    """
    if options.model == "auto":
        return _best(options, begin, fetching)
    entry = find_model(options.model, options.dialect)
    begin(entry)
    slow = _slowness(entry, plan_model(entry, options, here=False), tell) if entry.shape else ""
    ensure_fetched(entry, agreed=options.yes, fetching=fetching)
    plan = _plan(entry, options)
    slow = slow or _slowness(entry, plan, tell)
    return _Picked(entry, plan, f"The model {options.model} was asked for.", slow)


def _best(options: argparse.Namespace, begin: Begin, fetching: Fetching) -> _Picked:
    """RegionReasoner-7B where a GPU has room for it and its weights can be had.

    Elsewhere, of the models that are here, what is best for photographs, else nano. Raises NoModelError
    where none of these can run.
    """
    if best_device() != "cuda":
        if suited := _best_here(options):
            return suited
        _check_nano_runs()
        because = (
            f". {fault}" if (fault := card_fault()) else " because this machine has no CUDA GPU."
        )
        return _nano(options, f"The built-in model runs{because}")
    large = find_model(SEVEN_B, options.dialect)
    try:
        plan_model(large, options, here=False)
        begin(large)
        ensure_fetched(large, agreed=options.yes, fetching=fetching)
        return _Picked(
            large,
            _plan(large, options),
            "RegionReasoner-7B runs because its weights and a large enough GPU are here.",
        )
    except ModelError as error:
        return _nano(options, f"The built-in model runs. {error}")


def _best_here(options: argparse.Namespace) -> _Picked | None:
    """Of the models whose weights are here, which were fetched to be used, the one for photographs."""
    found: dict[str, tuple[Candidate, Entry, AnyPlan]] = {}
    for known in CATALOGUE.values():
        if known.name == "nano" or folder_of(known) is None:
            continue
        entry = find_model(known.name, options.dialect)
        with suppress(ModelError):  # it does not fit, or needs what is not installed
            plan = _plan(entry, options)
            if candidate := candidate_of(entry, plan, pace_of(plan)):
                found[entry.source] = candidate, entry, plan
    best = best_of([candidate for candidate, _, _ in found.values()])
    if best is None:
        return None
    _, entry, plan = found[best.source]
    return _Picked(entry, plan, f"{entry.title} runs because it is here. {sentence_of(best)}")


def _check_nano_runs() -> None:
    """Raises NoModelError without the libraries for it."""
    if not is_installed(TRANSFORMERS):
        raise NoModelError(
            "No model is here that runs without torch: name one with --model, such as --model "
            f"{_NO_TORCH}, or a server with --server. The built-in nano needs more: {INSTALL}"
        )


def _nano(options: argparse.Namespace, why: str) -> _Picked:
    entry = find_model("nano", options.dialect)
    return _Picked(entry, _plan(entry, options), why)


def _plan(entry: Entry, options: argparse.Namespace) -> AnyPlan:
    return plan_model(entry, options, here=True, sam2_sizes=_sizes(options))


def _sizes(options: argparse.Namespace) -> tuple[str, ...]:
    return sizes_for(options.segmenter, best_device(), fetch=on_space())


def _slowness(entry: Entry, plan: AnyPlan, tell: Tell) -> str:
    """What to expect of a large model without a CUDA GPU; said at once, for it is loaded slowly too."""
    if plan.device == "cuda" or plan.shape is None:
        return ""
    sentence = pace_of(plan).sentence(entry.title, plan.device, plan.shape)
    said = " ".join(filter(None, (card_fault(), sentence)))
    tell(said)
    return said


def _speed(plan: AnyPlan) -> float | None:
    """Tokens a second that a model writes, as far as it must be known to choose the way of asking."""
    if plan.device == "cuda" or (plan.shape is None and isinstance(plan, Plan)):
        return REASONED_TOKENS / MAX_WAIT_S  # a card, or a model as small as nano
    return pace_of(plan).tokens_per_second(plan.shape) if plan.shape else None


def _behind_gateway(
    gpu: Any, reasoner: Reasoner, segmenter: Segmenter | None
) -> tuple[Reasoner, Segmenter | None]:
    """Model and segmenter as a ZeroGPU Space can use them."""

    def answer(*given: Any) -> Iterator[Any]:
        yield from answer_in_time(reasoner, *given)

    def segment(*given: Any) -> Iterator[Segment]:
        if segmenter is not None:
            yield from segmenter.segment(*given)

    gateway = GpuGateway(gpu, {"answer": answer, "segment": segment})
    if segmenter is None or isinstance(segmenter, GrabCutSegmenter):
        return ZeroReasoner(reasoner, gateway), segmenter
    return ZeroReasoner(reasoner, gateway), ZeroSegmenter(segmenter, gateway)
