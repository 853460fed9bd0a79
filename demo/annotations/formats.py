"""The formats by name, which of them a file is in, and saved dialogues among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from demo.annotations import (
    coco,
    cvat,
    geojson,
    label_studio,
    labelme,
    mask_files,
    via,
    voc,
    yolo,
)
from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.files import Pictures, content_of
from demo.annotations.unread import refuse_known
from demo.errors import InputError

Write = Callable[[Sequence[AnnotatedPicture]], Iterator[tuple[str, bytes]]]
Read = Callable[[Path, Pictures], Iterator[AnnotatedPicture]]


@dataclass(frozen=True, slots=True)
class Format:
    """How one tool writes labelled pictures.

    ``write`` gives relative paths and contents; ``read`` raises InputError, which names the file and the
    place in it, before it gives anything of a picture that is not whole.
    """

    name: str
    title: str
    write: Write
    read: Read
    recognises: Callable[[Path, object], bool]


def _format(name: str, title: str, module: ModuleType) -> Format:
    return Format(name, title, module.write, module.read, module.recognises)


FORMATS = MappingProxyType(
    {
        found.name: found
        for found in (
            _format("coco", "COCO", coco),
            _format("yolo", "YOLO", yolo),
            _format("labelme", "LabelMe", labelme),
            _format("voc", "Pascal VOC", voc),
            _format("cvat", "CVAT", cvat),
            _format("label-studio", "Label Studio", label_studio),
            _format("via", "VIA", via),
            _format("geojson", "GeoJSON", geojson),
            _format("masks", "Masks", mask_files),
        )
    }
)


def format_of(path: Path) -> Format:
    """The format that a file is in. Raises InputError when it is none of them, or cannot be read."""
    found = format_like(path, content_of(path))
    if found is not None:
        return found
    titles = [found.title for found in FORMATS.values()]
    raise InputError(
        f"{path.name} is neither a saved dialogue nor labels of {', '.join(titles[:-1])} or {titles[-1]}."
    )


def format_like(path: Path, content: object) -> Format | None:
    """The format of a file with this `content_of`, None where it is none of them.

    Raises UnreadFormError for one that is known and not read.
    """
    found = next((form for form in FORMATS.values() if form.recognises(path, content)), None)
    if found is None:
        refuse_known(path, content)
    return found


def read_labels(path: Path, images: Path | None, name: str | None) -> Iterator[AnnotatedPicture]:
    """The labelled pictures of a file, in the format of that name or as it looks.

    Pictures are looked for in ``images`` and beside the file. Raises InputError, also where there is none.
    """
    found = FORMATS[name] if name else format_of(path)
    folders = (path.parent,) if images is None else (images, path.parent)
    pictures = found.read(path, Pictures(folders))
    first = next(pictures, None)
    if first is None:
        raise InputError(f"{path.name} names no picture.")
    yield first
    yield from pictures
