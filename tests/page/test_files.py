"""Files and other things that are dropped and pasted, one or several at once, on any part of the page."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.page.test_keeping import Server, open_panel, person, titles
from tests.page.test_keeping import server as server  # a fixture

# Sends an event with files, and texts by their type, as a browser does after a drop or a paste.
_GIVE = """(target, { name, files, texts }) => {
  const data = new DataTransfer();
  for (const [file, kind, content] of files) {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    data.items.add(new File([bytes], file, { type: kind }));
  }
  for (const [kind, text] of Object.entries(texts)) data.setData(kind, text);
  const options = { bubbles: true, cancelable: true };
  if (name === "paste") {
    return !target.dispatchEvent(new ClipboardEvent(name, { ...options, clipboardData: data }));
  }
  target.dispatchEvent(new DragEvent("dragover", { ...options, dataTransfer: data }));
  return !target.dispatchEvent(new DragEvent(name, { ...options, dataTransfer: data }));
}"""


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with person(browser, server) as made:
        yield made


def coloured(colour: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


BLUE = ("blue.png", "image/png", coloured("blue"))
RED = ("red.png", "image/png", coloured("red"))


def give(page: Page, name: str, where: str, *files: tuple[str, str, str], **texts: str) -> bool:
    """Drop, paste or choose there; whether the page took it."""
    if name == "choose":
        chosen: list[FilePayload] = [
            {"name": n, "mimeType": k, "buffer": base64.b64decode(c)} for n, k, c in files
        ]
        page.set_input_files(where, chosen)
        return True
    given = {"name": name, "files": files, "texts": {"text/plain": texts.get("plain", "")}}
    if "uri" in texts:
        given["texts"] = {"text/uri-list": texts["uri"]}
    taken: bool = page.locator(where).evaluate(_GIVE, given)
    return taken


@pytest.mark.parametrize(
    ("name", "where"),
    [
        pytest.param("drop", "#canvas", id="dropped on the canvas"),
        pytest.param("drop", "#message textarea", id="dropped on the message"),
        pytest.param("paste", "#message textarea", id="pasted"),
        pytest.param("choose", "#upload input[type=file]", id="chosen"),
    ],
)
def test_of_two_pictures_the_first_is_shown_and_the_other_is_kept(
    page: Page, name: str, where: str
) -> None:
    assert give(page, name, where, BLUE, RED, plain="blue.png\nred.png")
    expect(page.locator("#canvas img")).to_be_visible()
    expect(page.locator("#hint .hint")).to_have_text(
        "“blue.png” is shown. “red.png” is under Dialogues."
    )
    open_panel(page, 2)
    assert titles(page) == ["blue.png", "red.png"]
    page.click(".kept-open >> text=red.png")
    expect(page.locator("#hint .hint")).to_have_text(re.compile("was put away"))


def test_a_labelled_data_set_opens_and_all_of_it_is_saved_for_another_tool(
    page: Page, tmp_path: Path
) -> None:
    kinds = [{"id": 1, "name": "boat"}]
    images = [{"id": name, "file_name": name} for name in ("blue.png", "red.png")]
    rows = [
        {"id": 1, "image_id": image["id"], "category_id": 1, "bbox": [4, 5, 20, 10]}
        for image in images
    ]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, _, content in (BLUE, RED):
            archive.writestr(f"images/{name}", base64.b64decode(content))
        archive.writestr(
            "labels.json", json.dumps({"images": images, "annotations": rows, "categories": kinds})
        )
    packed = ("set.zip", "application/zip", base64.b64encode(data.getvalue()).decode())
    assert give(page, "drop", "#canvas", packed)
    expect(page.locator("#canvas [data-object]")).to_have_count(1)
    expect(page.locator("#hint .hint")).to_have_text(
        "“blue.png” is shown. “red.png” is under Dialogues. 1 region came with it."
    )
    open_panel(page, 2)
    page.select_option(".kept-format", "yolo")
    with page.expect_download() as download:
        page.get_by_role("button", name="All 2").click()
    download.value.save_as(tmp_path / "saved.zip")
    with zipfile.ZipFile(tmp_path / "saved.zip") as archive:
        assert "labels/red.txt" in archive.namelist()
    assert download.value.suggested_filename == "dialogues-yolo.zip"
    expect(page.locator(".kept-said")).to_contain_text("YOLO has no place for names")
    page.reload()
    open_panel(page, 2)
    expect(page.locator(".kept-format")).to_have_value("yolo")


def test_what_is_no_file_opens_nothing_and_is_said(page: Page) -> None:
    told = page.locator("#canvas .told")
    page.drag_and_drop("#examples img >> nth=0", "#canvas .drop")  # a part of the page itself
    expect(told).to_be_empty()
    assert give(page, "drop", "#canvas", uri="https://host.invalid/dog.jpg")
    expect(told).to_have_text(re.compile("This is a link, not a picture"))
    assert not give(page, "drop", "#message textarea", uri="https://host.invalid/dog.jpg")
    assert not give(page, "paste", "#message textarea", BLUE, plain="the dog in the picture")
    assert give(page, "drop", "#chat", *[("walk.zip", "application/zip", "eA==")] * 9)
    expect(told).to_have_text("These are 9 files. At most 8 can be opened at once.")
    expect(page.locator("#canvas img")).to_be_hidden()


def test_a_folder_is_read_as_the_files_in_it(page: Page, tmp_path: Path) -> None:
    (tmp_path / "walk").mkdir()
    (tmp_path / "none").mkdir()
    for name, _, content in (BLUE, RED, (".DS_Store", "", "eA==")):
        (tmp_path / "walk" / name).write_bytes(base64.b64decode(content))
    drop_for_real(page, tmp_path / "none")
    expect(page.locator("#canvas .told")).to_have_text(re.compile("nothing in this folder"))
    drop_for_real(page, tmp_path / "walk")
    expect(page.locator("#hint .hint")).to_have_text(
        re.compile(r"^“(blue|red)\.png” is shown\. “(blue|red)\.png” is under Dialogues\.$")
    )


def drop_for_real(page: Page, *paths: Path) -> None:
    """As somebody drags them from another window."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}

    def drag(kind: str) -> None:
        what = {"type": kind, "x": 300, "y": 300, "data": data}
        devtools.send("Input.dispatchDragEvent", what)

    drag("dragEnter")
    drag("dragOver")
    expect(page.locator("#canvas.dropping")).to_be_visible()
    drag("dragOver")  # what lies there now has not been asked yet
    drag("drop")
    devtools.detach()
