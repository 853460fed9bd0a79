"""What a format has no place for, in sentences for whoever writes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.indexed import MAX_INDEX
from demo.picture.masks import union_area

_NO_LETTERS = (
    "No font here has all letters of the questions: install one of the Noto fonts, or take SVG."
)


def left_out(to: str, pictures: Sequence[AnnotatedPicture]) -> Iterator[str]:
    """What of these is not in the files, or is in them in another way."""
    every = [annotation for picture in pictures for annotation in picture.annotations]
    bare = sum(annotation.mask is None for annotation in every)
    if to == "yolo":
        if any(annotation.attributes for annotation in every):
            yield "YOLO has no place for names of regions, questions and who made what."
        if 0 < bare < len(every):
            yield f"{_objects(bare)} without a mask: written as the outline of the box."
    if to == "masks" and bare:
        yield f"{_objects(bare)} without a mask: only the box is in the table."
    if to in ("yolo", "label-studio", "via") and bare < len(every):
        yield "Parts and holes of an object are joined to one outline."
    if to in ("voc", "masks") and any(len(p.annotations) > MAX_INDEX for p in pictures):
        yield f"The indexed PNG holds the first {MAX_INDEX} objects of a picture."
    if to == "voc" and any(map(_overlap, pictures)):
        yield "Where masks overlap, SegmentationObject holds the later one."
    if to in ("png", "pdf") and not _has_letters(pictures):
        yield _NO_LETTERS


def _overlap(annotated: AnnotatedPicture) -> bool:
    masks = [annotation.mask for annotation in annotated.annotations if annotation.mask]
    return bool(masks) and union_area(masks) < sum(mask.area for mask in masks)


def _objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def _has_letters(pictures: Sequence[AnnotatedPicture]) -> bool:
    from demo.figures.drawing import has_letters  # needs matplotlib, which may be absent

    sessions = [picture.session for picture in pictures if picture.session]
    return has_letters("".join(turn.question for s in sessions for turn in s.turns))
