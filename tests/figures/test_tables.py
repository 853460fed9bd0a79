"""Tables for papers and spreadsheets: what is in them can be read again, and nothing in them acts."""

from __future__ import annotations

import csv
import io
import re

import pytest

from demo.figures.tables import Table, csv_text, latex, latex_text, markdown

# A text, and what LaTeX sets for it by the meaning of its commands.
HOSTILE = (
    "100% & more_of #1 {x} $5 ~ ^ \\input{/etc/passwd}",
    "[first] of a row",
    "* starred",
    "a--b---c",
    "“quoted” – and … ‘so’",
    '<b> | "x" `ls`',
    "two\nlines \\\\ \\end{tabular}",
    "3 × 4 ≥ 2",
    "кольцо 环 חתול",
)
_MEANT = {
    r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", r"\textasciigrave{}": "`", r"\dots{}": "…",
    r"$\times$": "×", r"$\geq$": "≥", "{[}": "[", "{]}": "]", "{*}": "*", r"\{": "{", r"\}": "}",
    r"\$": "$", r"\&": "&", r"\#": "#", r"\%": "%", r"\_": "_", "---": "—", "--": "–", "``": "“", "''": "”",
    "`": "‘", "'": "’", "{}": "",
}  # fmt: skip
_PIECE = re.compile("|".join(map(re.escape, sorted(_MEANT, key=len, reverse=True))))
TABLES = (
    Table("By round", "Percent & counts.", ("", "R1", "R2", "all"),
          (("AP", "50.0", "–", "48.5"), ("rounds", "1,234", "7", "1,241"))),
    Table("AP beside other results", "", ("", "R1", "R2", "R3"),
          tuple((text, "1.0", "2.0", "–") for text in HOSTILE)),
)  # fmt: skip


def set_by_latex(source: str) -> str:
    """The letters that LaTeX sets; fails for a command or a sign with a meaning that is not known here."""
    left = _PIECE.sub("", source)
    assert not set(left) & set('\\{}$&#%_^~<>|"[]'), left
    return _PIECE.sub(lambda found: _MEANT[found[0]], source)


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_sets_what_is_written(text: str) -> None:
    shown = set_by_latex(latex_text(text))
    assert shown == " ".join(text.split()).replace('"', "”")


def test_latex_tables_have_their_rules_and_as_many_cells_as_columns() -> None:
    source = latex(TABLES)
    found = re.findall(r"\\begin\{table\}(.*?)\\end\{table\}", source, re.DOTALL)
    assert len(found) == len(TABLES)
    for body, table in zip(found, TABLES, strict=True):
        (columns,) = re.findall(r"\\begin\{tabular\}\{(l r*|lr*)\}", body)
        assert len(columns) == len(table.head)
        inside = body.partition(r"\toprule")[2].partition(r"\bottomrule")[0]
        head, rows = inside.split(r"\midrule")
        lines = [line.strip() for line in (head + rows).splitlines() if line.strip()]
        assert all(line.endswith(r" \\") for line in lines)
        cells = [re.split(r"(?<!\\) & ", " " + line.removesuffix(r" \\")) for line in lines]
        shown = [[set_by_latex(cell.strip()) for cell in row] for row in cells]
        assert [len(row) for row in shown] == [len(table.head)] * (len(table.rows) + 1)
        assert [row[1:] for row in shown[1:]] == [list(row[1:]) for row in table.rows]
        assert r"\caption{" in body.partition(r"\begin{tabular}")[0]
        assert r"\label{tab:" in body
    # All that is opened is closed.
    bare = re.sub(r"\\[{}\\]", "", source)
    assert bare.count("{") == bare.count("}")


def test_what_no_file_takes_is_left_out_of_names() -> None:
    table = Table("T", "", ("", "R1"), (("a\0b\x07c\ud800d", "1"),))
    for write in (latex, csv_text, markdown):
        assert "a b c d" in write([table]).encode().decode()


def test_csv_is_read_again_with_numbers_as_numbers() -> None:
    head, *rows = csv.reader(io.StringIO(csv_text(TABLES)))
    assert head == ["table", "row", "R1", "R2", "all", "R3"]
    assert rows[0] == ["By round", "AP", "50.0", "", "48.5", ""]
    assert rows[1] == ["By round", "rounds", "1234", "7", "1241", ""]
    assert [row[1] for row in rows[2:]] == [" ".join(text.split()) for text in HOSTILE]
    assert {tuple(row[2:]) for row in rows[2:]} == {("1.0", "2.0", "", "")}


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", "= 2", "\t=3"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    table = Table("T", "", ("", "R1"), ((text, "-1.5"),))
    _, (_, name, value) = csv.reader(io.StringIO(csv_text([table])))
    assert (name, value) == (f"'{text.strip()}", "-1.5")


def test_markdown_has_a_cell_for_each_column() -> None:
    text = markdown(TABLES)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    bars = [len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows]
    assert bars == [4] * len(rows)
    assert "## By round\n\nPercent &amp; counts.\n\n| " in text
    assert "<b>" not in text
