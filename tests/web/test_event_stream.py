"""Events reach the page also when they begin while the server closes the stream of the ones before."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.conftest import visit
from tests.support.table import ask

# The word that the stream is over takes half a second on its way, as it may on a busy device.
LATE = """
const plain = window.fetch;
window.fetch = async (...request) => {
  const response = await plain(...request);
  if (!response.url.includes("/queue/data")) return response;
  const late = new TransformStream({
    async transform(chunk, out) {
      for (const message of chunk.split(/(?<=\\n\\n)/)) {
        if (message.includes('"close_stream"')) await new Promise((go) => setTimeout(go, 500));
        out.enqueue(message);
      }
    },
  });
  const texts = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(late);
  return new Response(texts.pipeThrough(new TextEncoderStream()), response);
};
"""


def test_what_is_clicked_while_a_stream_closes_is_answered(
    browser: Browser, url: str, blocks: Path
) -> None:
    with visit(browser, url, LATE) as page:
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        ask(page, "find red")
        page.click("#chat a[href='#numbers-1']")
        expect(page.locator("#sheet dialog")).to_be_visible()
