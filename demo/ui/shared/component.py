"""Components that draw themselves in the browser from a JSON value.

Their templates hold no data and their scripts set text with ``textContent`` only, because Gradio
evaluates templates as JavaScript. This file does not know what is drawn.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from demo.ui.shared.static import address_of, asset

# Gradio runs this when the component is there, and catches nothing that is asynchronous. Which events a
# component has, Gradio learns from their names in quotation marks.
_MOUNT = """// {events}
import(new URL("{address}", document.baseURI)).then(({{ use }}) => {{
  use("shared/components.js").mount("{name}", {{ element, props, trigger, watch }});
  use("{name}.js");
}}).catch((error) => {{
  console.error(error);
  element.prepend("This part of the page could not be loaded. Reload the page.");
}});"""


def by_path(component: Any) -> Any:
    """A component for files that hands on their paths and nothing else.

    Gradio 6.31.0 leaves an empty file behind for each of them.
    """
    component._process_single_file = lambda file: file.path
    return component


def drawn(name: str, *events: str, value: Any = None, **options: Any) -> gr.HTML:
    """A component with the template NAME.html, drawn by the module NAME.js whenever its value changes.

    ``events`` are the names of those that the module makes happen, for listeners in Python.

    Not a subclass: of those Gradio writes stub files beside the source when they are imported.
    """
    return gr.HTML(
        value,
        html_template=asset(f"{name}.html"),
        js_on_load=_MOUNT.format(
            events=json.dumps(events), address=address_of("page.js"), name=name
        ),
        apply_default_css=False,
        **options,
    )
