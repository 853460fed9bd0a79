"""Tables of texts as files for papers and spreadsheets: LaTeX, CSV and Markdown.

Texts come from files and models, and are escaped here for each of the three. The numbers are the same
letters in all of them, but that a CSV has no separators of thousands and leaves empty what is not known.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

UNKNOWN = "–"
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}", '"': "''", "[": "{[}",
    "]": "{]}", "*": "{*}", "\0": "{}", "–": "--", "—": "---", "…": r"\dots{}", "“": "``", "”": "''",
    "‘": "`", "’": "'", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "→": r"$\rightarrow$",
    "·": r"$\cdot$",
}  # fmt: skip
_UNWRITTEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # controls, and halves of letters
_COUNT = re.compile(r"\d{1,3}(,\d{3})+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_PREAMBLE = (
    "% Needs \\usepackage{booktabs}. Letters of other scripts than the Latin one need XeLaTeX or LuaLaTeX\n"
    "% with a font that has them.\n"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as texts; the first column names the row, and each other has a name of its own.

    ``note`` is a sentence or empty.
    """

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def latex(tables: Sequence[Table]) -> str:
    """All tables, each as one that floats, with rules of booktabs."""
    return "\n".join((_PREAMBLE, *map(_latex_table, tables)))


def _latex_table(table: Table) -> str:
    caption = f"{latex_text(table.title)}." + (f" {latex_text(table.note)}" if table.note else "")
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{caption}}}",
        rf"  \label{{tab:{_label(table.title)}}}",
        rf"  \begin{{tabular}}{{l{'r' * (len(table.head) - 1)}}}",
        r"    \toprule",
        _latex_row(table.head),
        r"    \midrule",
        *map(_latex_row, table.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    return rf"    {' & '.join(map(latex_text, cells))} \\"


def latex_text(text: str) -> str:
    """The text on one line, escaped for LaTeX, with its quotes and dashes."""
    line = _one_line(text).replace("--", "-\0-").replace("--", "-\0-")
    return "".join(_LATEX.get(letter, letter) for letter in line)


def _label(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def csv_text(tables: Sequence[Table]) -> str:
    """All tables in one, with the title of each in the first column and empty cells where it has none."""
    head = list(dict.fromkeys(name for table in tables for name in table.head[1:]))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["table", "row", *map(_csv_cell, head)])
    for table in tables:
        for name, *values in table.rows:
            known = dict(zip(table.head[1:], values, strict=True))
            writer.writerow(map(_csv_cell, [table.title, name, *(known.get(n, "") for n in head)]))
    return file.getvalue()


def _csv_cell(text: str) -> str:
    """The text on one line; a spreadsheet takes it for no formula, and a number for one."""
    line = _one_line(text)
    if line == UNKNOWN:
        return ""
    if _COUNT.fullmatch(line):
        return line.replace(",", "")
    is_formula = line.startswith(("=", "+", "-", "@")) and not _NUMBER.fullmatch(line)
    return f"'{line}" if is_formula else line


def markdown(tables: Sequence[Table]) -> str:
    """All tables, each below its title and note."""
    parts = [
        part
        for table in tables
        for part in (f"## {markdown_text(table.title)}", markdown_text(table.note), markdown_table(table))
        if part
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def markdown_table(table: Table) -> str:
    """A Markdown table with all columns but the first aligned right."""
    rule = ["---", *("---:" for _ in table.head[1:])]
    rows = [[markdown_text(cell) for cell in row] for row in (table.head, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def markdown_text(text: str) -> str:
    """The text on one line, escaped for Markdown and HTML."""
    line = _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#!$~])", r"\\\1", line)


def _one_line(text: str) -> str:
    return " ".join(_UNWRITTEN.sub(" ", text).split())
