"""The page's modules as one script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from demo.ui.shared.joined import joined

MODULES = {
    "one/first.js": (
        'import {\n  count,\n  next as later,\n} from "../two/second.js";\nimport "./third.js";\n'
        "const own = 1;\n\n"
        "/** A sum. */\nexport function sum() {\n  later();\n  return own + count.now;\n}\n"
    ),
    "one/third.js": 'export const loaded = [];\nloaded.push("third");\nconsole.log("third");\n',
    "two/second.js": (
        'import { loaded } from "../one/third.js";\n'
        "const own = 10;\nexport const { count, spare } = { count: { now: own }, spare: loaded };\n"
        "export async function next() {\n  count.now += 1;\n}\n"
    ),
    "two/begin.js": 'console.log("begin");\n',
}
USE = """
import { use } from "./page.js";
const { sum } = use("one/first.js");
console.log(sum(), sum(), use("one/first.js") === use("one/first.js"), use("two/second.js").spare);
"""


@pytest.mark.process
def test_joined_modules_do_the_same(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text(joined(MODULES, "two/begin.js"), encoding="utf-8")
    (tmp_path / "use.js").write_text(USE, encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("deno"), "run", "--no-remote", "use.js"],
        cwd=tmp_path,
        env={"DENO_DIR": str(tmp_path / "cache"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == 'begin\nthird\n12 13 true [ "third" ]\n', done.stderr


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("export default 1;", id="without a name"),
        pytest.param("export let count = 0;", id="a variable"),
        pytest.param('import * as all from "./third.js";', id="everything"),
        pytest.param('export { sum } from "./first.js";', id="passed on"),
    ],
)
def test_a_module_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"one/other\.js does not have the form"):
        joined({"one/other.js": f"{line}\n"}, "one/other.js")
