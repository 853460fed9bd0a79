"""Training batches: drawn pictures, each with several question–answer pairs that share its prefix.

A row is the prefix (system, picture) once, then K pairs, each padded to ``stride`` tokens; a pair sees only
the prefix and itself, and its positions continue from the prefix. Tokens come with labels that say where in
the picture they should look.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from demo.dialects.prompt import region_reasoner_instruction
from demo.nano.lessons.answers import Exercise, Piece, Place, answer
from demo.nano.lessons.augment import augment
from demo.nano.lessons.large import LargePicture, LargeQuestionMaker, draw_large
from demo.nano.lessons.questions import QuestionMaker
from demo.nano.model.architecture import CELLS, number_ids
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import FRAME, PEOPLE, RELATIONS, Fact, degree, facts_of
from demo.nano.world.large import part_of, sample_large_scene, shares_in
from demo.nano.world.layout import sample_scene
from demo.nano.world.phrases import with_slip, with_typo
from demo.nano.world.scene import COLOURS, KINDS, Scene, Thing
from demo.picture.geometry import ModelBox, PictureBox, Size

COLOUR_NAMES = tuple(COLOURS)
IGNORE = -100
MAX_THINGS = 16  # with groups of small things
A_GROUP = len(KINDS)  # the class of visual tokens that show small things
BACKGROUND = A_GROUP + 1
SHOWN_OF_LARGE = 0.45  # share of the large scenes and parts that are whole ones
SHOWN_OF_GROUPS = 0.7  # share of the parts that show small things
ALIKE_TRIES = 4
EASY_LEFT_OUT = 0.5
FRAME_WH = (FRAME.width, FRAME.height)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A question with its answer; each array has a row per token."""

    ids: NDArray[np.int64]
    taught: NDArray[np.bool_]
    about: NDArray[np.int64]  # the thing it speaks of, or -1
    copied: NDArray[np.int64]  # the place of the number that it repeats, or -1
    against: NDArray[np.int64]  # where it judges a thing: the only reference, else -1
    degrees: NDArray[np.float32]  # … how much that thing is in each relation, else -1
    decides: NDArray[np.bool_]  # it belongs to what decides about a thing


@dataclass(slots=True)
class Batch:
    """Tensors of B pictures; L tokens a row, C = 64 visual tokens, N things at most.

    ``ground`` [B, L] is the thing that the *next* token speaks of, -1 for none; ``owner`` [B, C] the
    thing that a visual token shows, -1 for background. Relations stand in the order of `RELATIONS`.
    """

    pixels: Tensor  # uint8 [B, 3, H, W]
    ids: Tensor  # [B, L]
    positions: Tensor  # [3, B, L]
    segment: Tensor  # [B, L]: 0 prefix, 1… pairs, -1 padding
    labels: Tensor  # [B, L]: the next token where it is to be learned, else IGNORE
    ground: Tensor  # [B, L]
    source: Tensor  # [B, L]: place in the pair of the number that the next token repeats, or -1
    against: Tensor  # [B, L]: where the next token judges a thing, its only reference, else -1
    degrees: Tensor  # float [B, L, relations]: … how much it is in each relation, else -1
    decides: Tensor  # bool [B, L]: the next token decides about a thing
    owner: Tensor  # [B, C]
    kinds: Tensor  # [B, C]: class of each visual token, also A_GROUP and BACKGROUND
    colours: Tensor  # [B, C]: colour, IGNORE for background
    hats: Tensor  # [B, C]: colour of a hat, len(COLOUR_NAMES) for a bare head, IGNORE for no person
    boxes: Tensor  # float [B, N, 4], shares of the frame
    prefix: int
    stride: int

    def to(self, device: str) -> Batch:
        """The same batch on a device."""
        tensors = (getattr(self, f.name) for f in fields(self)[:-2])
        return Batch(*[t.to(device) for t in tensors], prefix=self.prefix, stride=self.stride)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with the boxes that stand for its references, and where its answer looks closer."""

    exercise: Exercise
    boxes: list[ModelBox]
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sight:
    """What a row shows: the picture, the things that can be named, and every box that has an index."""

    scene: Scene
    image: NDArray[np.uint8]
    facts: tuple[Fact, ...]
    owner: NDArray[np.int64]
    boxes: dict[int, ModelBox]
    rounds: Iterator[_Asked]


class BatchStream:
    """An endless, seeded stream of batches.

    ``ordinary`` is the share of pictures that show a whole ordinary scene; the others show large scenes and
    parts of scenes.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        seed: int,
        pictures: int,
        pairs: int,
        stride: int,
        ordinary: float = 1.0,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.ordinary = ordinary
        self.tokenizer = tokenizer
        self.pictures = pictures
        self.pairs, self.stride = pairs, stride
        self.prefix = _prefix_ids(tokenizer)
        self.eos = int(tokenizer.convert_tokens_to_ids("<|im_end|>"))
        self.think = int(tokenizer.convert_tokens_to_ids("<think>"))
        self.numbers = number_ids(tokenizer)
        self.pad = int(tokenizer.convert_tokens_to_ids("<|endoftext|>"))

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self.batch()

    def batch(self) -> Batch:
        """The next batch."""
        rows = [self._row() for _ in range(self.pictures)]
        stacked = [torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)]
        stacked[2] = stacked[2].transpose(0, 1).contiguous()
        return Batch(*stacked, prefix=len(self.prefix), stride=self.stride)  # type: ignore[misc, arg-type]

    def _row(self) -> tuple[NDArray[np.generic], ...]:
        sight = self._sight()
        pixels = _augmented(self.rng, sight.image)
        return (
            np.ascontiguousarray(pixels.transpose(2, 0, 1)),
            *self._tokens(sight),
            sight.owner,
            _kinds(sight.scene, sight.owner),
            _colours(sight.scene, sight.owner),
            _hats(sight.scene, sight.owner),
            _boxes(sight.boxes),
        )

    def _sight(self) -> _Sight:
        if self.rng.random() < self.ordinary:
            scene = self._scene()
            return self._plain_sight(scene, draw(scene, *_training_size(self.rng, scene)))
        if self.rng.random() < SHOWN_OF_LARGE:
            return self._large_sight(draw_large(sample_large_scene(self.rng)))
        if self.rng.random() < SHOWN_OF_GROUPS:
            return self._look_sight(draw_large(sample_large_scene(self.rng)))
        return self._closer_sight()

    def _plain_sight(self, scene: Scene, drawing: Drawing, *, hats: bool = True) -> _Sight:
        facts = facts_of(scene, drawing)
        boxes = {f.index: f.box for f in facts}
        rounds = itertools.starmap(_Asked, self._rounds(facts, hats=hats))
        return _Sight(scene, drawing.image, facts, cell_owners(drawing), boxes, rounds)

    def _large_sight(self, picture: LargePicture) -> _Sight:
        """A large scene as a whole."""
        maker = LargeQuestionMaker(self.rng, picture, drill=True)
        boxes = {f.index: f.box for f in picture.facts}
        boxes |= {place.index: place.look for place in maker.places}
        return _Sight(
            picture.made.scene,
            picture.drawing.image,
            picture.large,
            _owners_of_large(picture, maker.places),
            boxes,
            self._large_rounds(maker, picture),
        )

    def _look_sight(self, picture: LargePicture) -> _Sight:
        """What a look shows that is about right: now and then a little beside the group, or larger."""
        part = picture.parts[int(self.rng.integers(len(picture.parts)))]
        exact = part.group.look.to_picture(_size(picture.drawing), FRAME)
        for _ in range(8):
            box = _shifted(self.rng, exact, _size(picture.drawing))
            shares = shares_in(picture.drawing, box)
            if all(s > 0.85 or (s < 0.1 and i not in part.kept) for i, s in enumerate(shares)):
                break
        else:
            box = exact
        return self._plain_sight(*part_of(picture.made.scene, picture.drawing, box)[:2], hats=False)

    def _closer_sight(self) -> _Sight:
        """A closer look at a thing of an ordinary scene, with more or less of what is round it."""
        scene = self._scene()
        drawing = draw(scene, *_training_size(self.rng, scene, 1.6))
        while True:
            number = int(self.rng.integers(len(scene.things)))
            box = _grown(self.rng, PictureBox(*drawing.boxes[number]), _size(drawing))
            shares = shares_in(drawing, box)
            if all(s < 0.15 or s > 0.7 for s in shares) and shares[number] > 0.7:
                return self._plain_sight(*part_of(scene, drawing, box)[:2])

    def _scene(self) -> Scene:
        """A scene; for half of them, a few tries are made to get two things that look alike."""
        tries = ALIKE_TRIES if self.rng.random() < 0.5 else 1
        for _ in range(tries):
            scene = sample_scene(self.rng, int(self.rng.integers(3, 8)))
            if len({(t.kind, t.colour) for t in scene.things}) < len(scene.things):
                break
        return scene

    def _tokens(self, sight: _Sight) -> tuple[NDArray[np.generic], ...]:
        """ids [L], positions [3, L], segment, labels, ground, source, against [L], degrees [L, …],
        decides [L]."""
        end = len(self.prefix)
        length = end + self.pairs * self.stride
        ids, segment = np.full(length, self.pad), np.full(length, -1)
        labels, ground, source = np.full(length, IGNORE), np.full(length, -1), np.full(length, -1)
        against = np.full(length, -1)
        degrees = np.full((length, len(RELATIONS)), -1, np.float32)
        decides = np.zeros(length, np.bool_)
        positions = np.zeros((3, length), np.int64)
        ids[:end], segment[:end] = self.prefix, 0
        positions[:, :end] = prefix_positions(self.prefix)
        start = int(positions[:, :end].max()) + 1
        for number, pair in enumerate(self._pairs(sight), start=1):
            first = end + (number - 1) * self.stride
            count = len(pair.ids)
            place, before = slice(first, first + count), slice(first, first + count - 1)
            ids[place], segment[place] = pair.ids, number
            positions[:, place] = start + np.arange(count)
            labels[before] = np.where(pair.taught, pair.ids, IGNORE)[1:]
            ground[before], source[before] = pair.about[1:], pair.copied[1:]
            against[before], degrees[before] = pair.against[1:], pair.degrees[1:]
            decides[before] = pair.decides[1:]
        return ids, positions, segment, labels, ground, source, against, degrees, decides

    def _pairs(self, sight: _Sight) -> Iterator[_Pair]:
        """As many pairs as a row holds; those that are too long are skipped."""
        made = 0
        while made < self.pairs:
            pair = self._pair(sight.scene, sight.facts, next(sight.rounds))
            if len(pair.ids) <= self.stride:
                made += 1
                yield pair

    def _rounds(
        self, facts: Sequence[Fact], *, hats: bool = True
    ) -> Iterator[tuple[Exercise, list[ModelBox]]]:
        asker = QuestionMaker(self.rng, facts, drill=True)
        while True:
            asked: Exercise | None = None
            if self.rng.random() < 0.62:
                chosen = self._references(len(facts))
                asked = asker.about([facts[i] for i in chosen]) if chosen else None
            asked = asked or asker.first()
            # Questions without a choice are easy, so there are fewer of them.
            if max(len(asked.pool), len(asked.targets)) < 2 and self.rng.random() < EASY_LEFT_OUT:
                continue
            if hats or "hat" not in asked.sought:
                yield asked, [_jittered(self.rng, f.box) for f in asked.references]

    def _references(self, count: int) -> list[int]:
        """One, two or three of so many things, fewer than all."""
        several = int(self.rng.choice((1, 2, 3), p=(0.8, 0.16, 0.04)))
        return [int(i) for i in self.rng.permutation(count)[: min(several, count - 1)]]

    def _large_rounds(self, maker: LargeQuestionMaker, picture: LargePicture) -> Iterator[_Asked]:
        count = len(picture.made.scene.things)
        while True:
            refers = self.rng.random() < 0.4
            made = maker.about(self._references(count)) if refers else maker.first()
            if made is None:
                continue
            boxes = [
                _jittered(self.rng, f.box, 1.0 if f.index < picture.made.large else 0.2)
                for f in made.asked.references
            ]
            yield _Asked(made.asked, boxes, made.places)

    def _pair(self, scene: Scene, facts: Sequence[Fact], put: _Asked) -> _Pair:
        asked, boxes = put.exercise, put.boxes
        said = asked.prompted(boxes)
        if self.rng.random() < 0.15:
            said = with_slip(self.rng, said)
        if self.rng.random() < 0.08:
            said = with_typo(self.rng, said)
        question = region_reasoner_instruction(said)
        head = self._encode(f"{question}<|im_end|>\n<|im_start|>assistant\n")[0]
        body, said_by = self._encode_pieces(answer(scene, facts, asked, boxes, put.places))
        ids = np.array([*head, *body, self.eos])
        pieces = [Piece("")] * len(head) + said_by + [Piece("")]
        judged = np.array([p.judges for p in pieces])
        only = asked.references[0].index if len(boxes) == 1 else -1
        return _Pair(
            ids,
            np.arange(len(ids)) >= len(head),
            np.array([-1 if p.about is None else p.about for p in pieces]),
            self._copy_sources(ids, len(head), 4 * len(boxes)),
            np.where(judged, only, -1),
            np.array([_degrees(facts, p, asked.references) for p in pieces], np.float32),
            np.array([p.decides for p in pieces]),
        )

    def _copy_sources(self, ids: NDArray[np.int64], start: int, count: int) -> NDArray[np.int64]:
        """For each of the ``count`` numbers that <think> cites, its place in the question."""
        copied = np.full(len(ids), -1)
        if count:
            number = (ids >= self.numbers[0]) & (ids <= self.numbers[-1])
            think = start + int(np.nonzero(ids[start:] == self.think)[0][0])
            given = np.nonzero(number[:start])[0]
            cited = think + np.nonzero(number[think:])[0]
            copied[cited[:count]] = given[:count]
        return copied

    def _encode_pieces(self, pieces: Sequence[Piece]) -> tuple[list[int], list[Piece]]:
        """Token ids of the joined text, and for each the piece that it ends in."""
        ids, offsets = self._encode("".join(p.text for p in pieces))
        by_letter = [p for p in pieces for _ in p.text]
        return ids, [by_letter[stop - 1] for _, stop in offsets]

    def _encode(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        encoding = self.tokenizer._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets


def _degrees(facts: Sequence[Fact], piece: Piece, references: Sequence[Fact]) -> list[float]:
    """How much the thing that a piece judges is in each relation to the references, else -1."""
    if not (piece.judges and references):
        return [-1.0] * len(RELATIONS)
    box = next(f.box for f in facts if f.index == piece.about)
    return [degree(relation, box, [r.box for r in references]) for relation in RELATIONS]


def _prefix_ids(tokenizer: PreTrainedTokenizerFast) -> NDArray[np.int64]:
    text = (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
        f"<|vision_start|>{'<|image_pad|>' * CELLS * CELLS}<|vision_end|>"
    )
    return np.array(tokenizer(text, add_special_tokens=False).input_ids)


def prefix_positions(prefix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rotary positions [3, P] (time, row, column) of the prefix, as `get_rope_index` gives them."""
    pads = CELLS * CELLS
    before = len(prefix) - pads - 1
    positions = np.zeros((3, len(prefix)), np.int64)
    positions[:, :before] = np.arange(before)
    rows, columns = np.divmod(np.arange(pads), CELLS)
    positions[0, before : before + pads] = before
    positions[1, before : before + pads] = before + rows
    positions[2, before : before + pads] = before + columns
    positions[:, -1] = before + CELLS
    return positions


def cell_owners(drawing: Drawing) -> NDArray[np.int64]:
    """The thing that each visual token shows (row-major), -1 for background.

    Small things come last, so that a big one behind them never takes their only token.
    """
    side = FRAME.width // CELLS
    owners = np.full(CELLS * CELLS, -1)
    shares = []
    for mask in drawing.masks:
        share = cv2.resize(mask.astype(np.float32), FRAME_WH, interpolation=cv2.INTER_AREA)
        shares.append(share.reshape(CELLS, side, CELLS, side).sum((1, 3)).reshape(-1))
    for i in sorted(range(len(shares)), key=lambda i: -float(shares[i].sum())):
        share = shares[i]
        mine = (share > 0.2 * side * side) | (share >= 0.5 * share.sum())
        mine[int(share.argmax())] = True
        owners[mine] = i
    return owners


def _owners_of_large(picture: LargePicture, places: Sequence[Place]) -> NDArray[np.int64]:
    """The large thing or the group (by its place's index) that each visual token shows."""
    drawing, large = picture.drawing, picture.made.large
    owners = cell_owners(Drawing(drawing.image, drawing.masks[:large], drawing.boxes[:large]))
    for part, place in zip(picture.parts, places, strict=True):
        for i in part.group.members:
            owners[_main_cells(drawing.masks[i], drawing.boxes[i])] = place.index
    return owners


def _main_cells(mask: NDArray[np.bool_], box: tuple[int, int, int, int]) -> NDArray[np.int64]:
    """The cells that hold at least 30 % of a small mask."""
    height, width = mask.shape
    x1, y1, x2, y2 = box
    ys, xs = np.nonzero(mask[y1:y2, x1:x2])
    cells = (ys + y1) * CELLS // height * CELLS + (xs + x1) * CELLS // width
    found, counts = np.unique(cells, return_counts=True)
    return found[counts >= 0.3 * len(cells)]


def _size(drawing: Drawing) -> Size:
    return Size(drawing.image.shape[1], drawing.image.shape[0])


def _shifted(rng: np.random.Generator, box: PictureBox, picture: Size) -> PictureBox:
    """A box of about the same size at about the same place."""
    scale = float(np.exp(rng.normal(0.05, 0.12))) / 2
    across, down = box.width * scale, box.height * scale
    x = (box.x1 + box.x2) / 2 + float(rng.normal(0, 0.06)) * box.width
    y = (box.y1 + box.y2) / 2 + float(rng.normal(0, 0.06)) * box.height
    return PictureBox(
        round(x - across), round(y - down), round(x + across), round(y + down)
    ).clamped(picture)


def _grown(rng: np.random.Generator, box: PictureBox, picture: Size) -> PictureBox:
    """A box with some more round it, on each side as much as chance will have it."""
    left, top, right, bottom = rng.uniform(0.02, 0.3) + rng.uniform(0, 0.7, 4) * rng.random()
    return PictureBox(
        round(box.x1 - left * box.width),
        round(box.y1 - top * box.height),
        round(box.x2 + right * box.width),
        round(box.y2 + bottom * box.height),
    ).clamped(picture)


def _training_size(rng: np.random.Generator, scene: Scene, larger: float = 1.0) -> tuple[int, int]:
    """Width and height of a drawing in the scene's shape, 260 to 480 pixels on the long side, or larger."""
    width, height = scene.aspect
    scale = larger * float(rng.uniform(260, 480)) / max(width, height)
    return round(width * scale), round(height * scale)


def _augmented(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture augmented and scaled to the model frame."""
    shown = Image.fromarray(augment(rng, image)).resize(FRAME_WH, Image.Resampling.BILINEAR)
    return np.asarray(shown)


def _jittered(rng: np.random.Generator, box: ModelBox, share: float = 1.0) -> ModelBox:
    """The box of a reference, a few pixels off as from an earlier answer or drawn by hand."""
    spread = share * (1.5 if rng.random() < 0.7 else 5.0)
    x1, y1, x2, y2 = (v + round(float(rng.normal(0, spread))) for v in box.xyxy)
    return ModelBox(min(x1, x2 - 1), min(y1, y2 - 1), x2, y2).clamped(FRAME)


def _kinds(scene: Scene, owner: NDArray[np.int64]) -> NDArray[np.int64]:
    return _labels([KINDS.index(t.kind) for t in scene.things], A_GROUP, BACKGROUND)[owner]


def _colours(scene: Scene, owner: NDArray[np.int64]) -> NDArray[np.int64]:
    return _labels([COLOUR_NAMES.index(t.colour) for t in scene.things], IGNORE, IGNORE)[owner]


def _hats(scene: Scene, owner: NDArray[np.int64]) -> NDArray[np.int64]:
    def label(thing: Thing) -> int:
        if thing.kind not in PEOPLE:
            return IGNORE
        return COLOUR_NAMES.index(thing.hat) if thing.hat else len(COLOUR_NAMES)

    return _labels([label(t) for t in scene.things], IGNORE, IGNORE)[owner]


def _labels(things: Sequence[int], group: int, background: int) -> NDArray[np.int64]:
    """A label for each index: those of the things, then those of groups; the last is the background's."""
    labels = np.full(MAX_THINGS + 1, group)
    labels[: len(things)], labels[-1] = things, background
    return labels


def _boxes(boxes: Mapping[int, ModelBox]) -> NDArray[np.float32]:
    shares = np.zeros((MAX_THINGS, 4), np.float32)
    for index, box in boxes.items():
        shares[index] = np.array(box.xyxy) / FRAME.width
    return shares
