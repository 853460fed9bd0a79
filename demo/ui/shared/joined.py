"""The page's modules as one script, because a browser that has to ask for sixty files opens the page late.

Each module becomes a function that is called once, when it is first used, and returns what it exports;
nothing else about it changes. For that, modules keep to one form: imports stand first and name what they
take, exports are functions and constants, and no two modules import each other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import (?:(\{[^}]*\}) from )?"([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?function (\w+)|const (\w+)|const \{([^}]*)\})", re.MULTILINE
)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_SCRIPT = """const modules = {{
{modules}
}};
const used = new Map();

export function use(name) {{
  if (!used.has(name)) used.set(name, modules[name]());
  return used.get(name);
}}

use("{begin_with}");
"""


def joined(modules: Mapping[str, str], begin_with: str) -> str:
    """One module of these, by path. It exports ``use``, which gives what the module at a path exports, and
    uses the one to ``begin_with`` at once.

    Raises ValueError for a module that does not keep to the form.
    """
    functions = (
        f'"{name}": () => {{\n{_function(name, text)}\n}},' for name, text in modules.items()
    )
    return _SCRIPT.format(modules="\n".join(functions), begin_with=begin_with)


def _function(name: str, text: str) -> str:
    exported = [found for groups in _EXPORT.findall(text) for found in groups if found]
    body = _EXPORT.sub("", _IMPORT.sub(lambda found: _used(name, *found.groups()), text))
    left = _LEFT.search(body)
    if left:
        raise ValueError(f"{name} does not have the form of the page’s modules: {left[0]}")
    return f"{body}return {{ {', '.join(exported)} }};"


def _used(name: str, taken: str | None, path: str) -> str:
    source = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    names = f"const {taken.replace(' as ', ': ')} = " if taken else ""
    return f'{names}use("{source}");'
