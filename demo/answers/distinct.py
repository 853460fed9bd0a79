"""The same box again and again is one object: a reader of answers that tells objects apart.

This file does not know how objects are written (`boxes.py`), or the tags around an answer (`trace.py`).
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace

from demo.answers.boxes import AnswerReader, Reading, TraceObject
from demo.picture.geometry import ModelBox, Size

# A list whose boxes creep on like this, one behind the other, comes to nothing new.
_CREEPING = 0.8  # IoU
_COMPARED = 64  # boxes, the latest: what a model says again has come a short time ago
_MANY = 16  # objects in a row


class DistinctReader(AnswerReader):
    """An `AnswerReader` for which a box that comes again is no other object: the first one stands, with
    its point. Boxes that differ at all may be two things.
    """

    def __init__(self, frame: Size, native: frozenset[str] = frozenset()) -> None:
        super().__init__(frame, native)
        self._times: Counter[ModelBox] = Counter()
        self._latest: deque[ModelBox] = deque(maxlen=_COMPARED)
        self._in_a_row = 0

    @property
    def is_going_round(self) -> bool:
        """Whether the latest objects, many in a row, have hardly other boxes than earlier ones."""
        return self._in_a_row >= _MANY

    def feed(self, text: str) -> list[TraceObject]:
        """The objects that these characters complete, without those that came before."""
        return [item for item in super().feed(text) if self._is_new(item.box)]

    def finish(self, whole: str | None, *, is_tagged: bool = True) -> Reading:
        """What was read, each object once; to be called once."""
        reading = super().finish(whole, is_tagged=is_tagged)
        times = Counter(item.box for item in reading.objects)
        first = {item.box: item for item in reversed(reading.objects)}
        return replace(
            reading,
            objects=tuple(first[box] for box in times),
            times=max(times.values(), default=0),
        )

    def _is_new(self, box: ModelBox) -> bool:
        self._times[box] += 1
        is_new = self._times[box] == 1
        creeps = not is_new or any(box.iou(other) >= _CREEPING for other in self._latest)
        self._in_a_row = self._in_a_row + 1 if creeps else 0
        if is_new:
            self._latest.append(box)
        return is_new
