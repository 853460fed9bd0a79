"""Colours, sizes and letters of the page, light and dark, and one colour per region number.

The region colours are `palette.PALETTE`; the letters on each are the ones that can be read better. What
stands beside the regions has a colour by its kind, dark enough for its white rim.
The rest of the look is in the style sheets.
"""

from __future__ import annotations

import gradio as gr

from demo.picture.palette import PALETTE, contrast
from demo.ui.canvas.asides import AsideKind

_LIGHT, _DARK = "#ffffff", "#14181a"
_NAMED_REGIONS = 210
ASIDE_COLOURS = {AsideKind.TRUTH: "#14181a", AsideKind.MODEL: "#6d28d9"}
LETTERS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's own parts in this page's colours, with the letters of the person's system."""
    return gr.themes.Base(font=LETTERS, font_mono=_MONO).set(
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


def tones() -> str:
    """The colours by number, for drawn parts (``data-tone``) and for links of the dialogue."""
    rules = []
    for number, fill in enumerate(PALETTE, start=1):
        named = range(number, _NAMED_REGIONS, len(PALETTE))
        links = "".join(f', #chat a[href="#R{n}"], #chat a[href^="#R{n}."]' for n in named)
        letters = readable_on(fill)
        places = f'[data-tone="{number}"], .tone-{number}{links}'
        rules.append(f"{places} {{ --tone: {fill}; --on-tone: {letters}; }}")
    for kind, fill in ASIDE_COLOURS.items():
        letters = readable_on(fill)
        rules.append(f'[data-aside="{kind}"] {{ --tone: {fill}; --on-tone: {letters}; }}')
    return "\n".join(rules)


def readable_on(fill: str) -> str:
    """The colour of letters, light or dark, that has more contrast on a colour ``#rrggbb``."""
    return max((_LIGHT, _DARK), key=lambda letters: contrast(letters, fill))
