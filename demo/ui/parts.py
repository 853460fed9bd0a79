"""The components of the page and where they stand; nothing here reacts to anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from demo.dialogue.examples import Example
from demo.ui.canvas.scene import canvas
from demo.ui.dialogues.formats import format_groups
from demo.ui.shared import sentences
from demo.ui.shared.component import by_path, drawn
from demo.ui.shared.static import serve_file
from demo.ui.tab.workspace import Tab

_THUMBNAIL = (480, 360)
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class Parts:
    """Every component that an event reads or changes."""

    tab: gr.State
    status: gr.HTML
    canvas: gr.HTML
    gallery: gr.HTML
    notice: gr.HTML
    chat: gr.Chatbot
    next: gr.Button
    play: gr.Button
    hint: gr.HTML
    asking: gr.HTML
    message: gr.Textbox
    send: gr.Button
    stop: gr.Button
    upload: gr.UploadButton
    new: gr.Button
    sheet: gr.HTML
    compare: gr.HTML
    library: gr.HTML
    folder: gr.HTML
    sharing: gr.HTML
    benchmark: gr.HTML | None

    def changed_by_events(self) -> list[Any]:
        """What an event may change."""
        return [
            self.canvas, self.notice, self.chat, self.next, self.play, self.hint, self.message,
            self.stop, self.sheet, self.compare,
        ]  # fmt: skip


def place_parts(
    status: dict[str, Any],
    examples: Sequence[Example],
    usual: int | None,
    keeps: bool = False,
    benchmark: bool = False,
    asking: dict[str, Any] | None = None,
) -> Parts:
    """Put all components on the page; to be called inside ``gr.Blocks``.

    ``keeps`` says whether dialogues are kept on disk, so that a page asks for the last one, ``benchmark``
    whether there is one to choose dialogues from. ``usual`` is the example that the notice about an
    unusual picture offers to open, ``asking`` in which ways its model can be asked,
    see `composer.reading.way_choice`.
    """
    tab = gr.State(Tab())
    with gr.Column(elem_id="page"):
        with gr.Row(elem_id="top"):
            status_line, upload, new = _header(status, benchmark)
        with gr.Row(elem_id="room"):
            with gr.Column(elem_id="left"):
                folder = drawn("folder/folder", "open", "known", keeps=keeps, elem_id="folder")
                stage = canvas(status["advice"], elem_id="workspace")
                gallery = _gallery(examples)
            with gr.Column(elem_id="right"):
                notice = drawn("gallery/notice", "choose", "way", example=usual, elem_id="notice")
                chat = _chat()
                with gr.Column(elem_id="composer"):
                    next_question, play, hint, way, message, send, stop = _composer(asking)
        library = drawn(
            "dialogues/dialogues", "library", "choose", "arrive", "save", "stop",
            keeps=keeps, formats=format_groups(), elem_id="kept",
        )  # fmt: skip
        sharing = drawn("sharing/sharing", "sharing", elem_id="sharing")
        rows = (
            drawn("benchmark/benchmark", "rows", "pictures", "choose", elem_id="benchmark")
            if benchmark
            else None
        )
        sheet = drawn("sheet/sheet", elem_id="sheet")
        compare = drawn("compare/compare", "look", "ask", elem_id="compare")
    return Parts(
        tab, status_line, stage, gallery, notice, chat, next_question, play, hint, way, message, send,
        stop, upload, new, sheet, compare, library, folder, sharing, rows,
    )  # fmt: skip


def _header(status: dict[str, Any], benchmark: bool) -> tuple[gr.HTML, gr.UploadButton, gr.Button]:
    status_line = drawn("models/status", "models", value=status, elem_id="brand")
    with gr.Row(elem_id="actions"):
        with gr.Row(elem_id="further"):  # behind More where there is no room for them
            with gr.Column(elem_id="upload", min_width=0):
                upload = by_path(gr.UploadButton("Open picture", file_count="multiple", size="sm"))
            gr.Button("Folder", elem_id="show-folder", size="sm")
            gr.Button("Examples", elem_id="show-examples", size="sm")
            if benchmark:
                gr.Button("Benchmark", elem_id="show-benchmark", size="sm")
            gr.Button("Dialogues", elem_id="show-kept", size="sm")
            gr.Button("Compare", elem_id="show-compare", size="sm")
            new = gr.Button("New", elem_id="new", size="sm")
        gr.Button("Undo", elem_id="undo", size="sm")
        gr.Button("Redo", elem_id="redo", size="sm")
        gr.Button("More", elem_id="more", size="sm")
    return status_line, upload, new


def _gallery(examples: Sequence[Example]) -> gr.HTML:
    cards = [
        {
            "title": example.title,
            "note": example.note,
            "photograph": example.is_photograph,
            "picture": serve_file("example.webp", _thumbnail(example.picture)),
        }
        for example in examples
    ]
    return drawn("gallery/examples", "choose", value=cards, elem_id="examples", visible=bool(cards))


def _thumbnail(picture: Path) -> bytes:
    """A picture in small, as a WebP file."""
    file = BytesIO()
    with Image.open(picture) as image:
        small = image.convert("RGB")
        small.thumbnail(_THUMBNAIL)
        small.save(file, "WEBP", quality=60, method=6)
    return file.getvalue()


def _chat() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label="Dialogue",
        show_label=False,
        container=False,
        height="100%",
        layout="bubble",
        buttons=[],
        feedback_options=None,
        latex_delimiters=[],
        allow_tags=False,
        placeholder="Questions and answers appear here.",
    )


def _composer(
    asking: dict[str, Any] | None,
) -> tuple[gr.Button, gr.Button, gr.HTML, gr.HTML, gr.Textbox, gr.Button, gr.Button]:
    with gr.Row(elem_id="ahead"):
        next_question = gr.Button("", elem_id="next", visible=False, size="sm")
        play = gr.Button(sentences.PLAY, elem_id="play", visible=False, size="sm")
    with gr.Row(elem_id="said"):
        hint = drawn("composer/hint", "typed", value=sentences.hint(None), elem_id="hint")
        way = drawn("composer/asking", "choose", value=asking, elem_id="asking")
    with gr.Row(elem_id="compose"):
        message = gr.Textbox(
            "",  # and not None, which the page would send
            elem_id="message",
            lines=1,
            max_lines=6,
            label="Your question",
            show_label=False,
            container=False,
            placeholder="Ask for something in the picture",
            autofocus=False,
        )
        stop = gr.Button("Stop", elem_id="stop", visible=False, size="sm")
        send = gr.Button("Send", elem_id="send", variant="primary", size="sm")
    return next_question, play, hint, way, message, send, stop
