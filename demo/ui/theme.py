"""Colours, sizes and letters of the page, light and dark, and one colour per region number.

The region colours are Okabe and Ito's colour-blind-safe set; three of them are darkened so that white
letters on them reach a contrast of 4.5:1. The rest of the look is page.css and canvas.css.
"""

from __future__ import annotations

import gradio as gr

from demo.ui.drawn import asset

_DARK_LETTERS = "#14181a"
TONES = (
    ("#0072b2", "#ffffff"),
    ("#c14f00", "#ffffff"),
    ("#007d5c", "#ffffff"),
    ("#e69f00", _DARK_LETTERS),
    ("#a8417f", "#ffffff"),
    ("#56b4e9", _DARK_LETTERS),
    ("#f0e442", _DARK_LETTERS),
)
_NAMED_REGIONS = 210
_LETTERS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono", "monospace")


def tone(number: int) -> int:
    """Which of the colours (1…7) region number ``number`` has; the same for ever."""
    return (number - 1) % len(TONES) + 1


def theme() -> gr.themes.Base:
    """Gradio's own parts in this page's colours, with the letters of the person's system."""
    return gr.themes.Base(font=_LETTERS, font_mono=_MONO).set(
        body_background_fill="var(--page)",
        body_background_fill_dark="var(--page)",
        body_text_color="var(--ink)",
        body_text_color_dark="var(--ink)",
        body_text_color_subdued="var(--soft)",
        body_text_color_subdued_dark="var(--soft)",
        background_fill_primary="var(--panel)",
        background_fill_primary_dark="var(--panel)",
        background_fill_secondary="var(--wash)",
        background_fill_secondary_dark="var(--wash)",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        border_color_primary="var(--line)",
        border_color_primary_dark="var(--line)",
        color_accent="var(--accent)",
        color_accent_soft="var(--wash)",
        color_accent_soft_dark="var(--wash)",
        link_text_color="var(--accent)",
        link_text_color_dark="var(--accent)",
        input_background_fill="var(--panel)",
        input_background_fill_dark="var(--panel)",
        button_secondary_background_fill="var(--panel)",
        button_secondary_background_fill_dark="var(--panel)",
        button_secondary_text_color="var(--ink)",
        button_secondary_text_color_dark="var(--ink)",
        button_primary_background_fill="var(--accent)",
        button_primary_background_fill_dark="var(--accent)",
        button_primary_text_color="var(--accent-ink)",
        button_primary_text_color_dark="var(--accent-ink)",
    )


def styles() -> str:
    """All style sheets of the page as one text."""
    return "\n".join((asset("page.css"), asset("canvas.css"), asset("chat.css"), _tones()))


def _tones() -> str:
    """The colours by number, for drawn parts (``data-tone``) and for links of the dialogue."""
    rules = []
    for number, (fill, letters) in enumerate(TONES, start=1):
        named = range(number, _NAMED_REGIONS, len(TONES))
        links = "".join(f', #chat a[href="#R{n}"], #chat a[href^="#R{n}."]' for n in named)
        rules.append(f'[data-tone="{number}"]{links} {{ --tone: {fill}; --on-tone: {letters}; }}')
    return "\n".join(rules)
