"""How the page opens on a slow phone, and how without its first view: python -m tests.bench.opening

The page is the real one with the built-in model on loopback, in Chromium slowed down fourfold behind a line
of 1.6 Mbit/s and 150 ms. Both ways are measured by turns, so that their ratio says something on a busy
machine, too. *Without* is the same page whose scripts and pictures are asked for as the client comes upon
them.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections import defaultdict
from contextlib import closing

from playwright.sync_api import Browser, Page, Route, sync_playwright

from demo.models.selection import choose
from tests.bench.page import nano_options, served

TIMES = 5
SLOWER = 4
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
PHONE = {"width": 390, "height": 664}
_FIRST_VIEW = re.compile(
    r'<first-view.*?</first-view>|<link rel="(?:modulepreload|preload)"[^>]*>', re.DOTALL
)
# When things are there for the first time, in ms; the first view has its pictures when four have come.
_CLOCK = """
  window.times = {};
  const note = (name, isThere) => {
    if (!(name in times) && isThere) times[name] = performance.now();
  };
  const look = () => {
    const files = performance.getEntriesByType("resource");
    const pictures = files.filter(({ name }) => name.endsWith("/example.webp"));
    note("pictures", document.querySelector("first-view, .example") && pictures.length >= 4);
    const message = document.querySelector("#message textarea");
    const isSeen = message?.checkVisibility() && document.querySelector(".example-open");
    note("usable", isSeen && !document.querySelector("first-view"));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main() -> None:
    """Print the figures as Markdown."""
    figures: dict[bool, list[dict[str, float]]] = defaultdict(list)
    with served(choose(nano_options())) as url, sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(TIMES):
            for is_whole in (True, False):
                figures[is_whole].append(opening(browser, url, is_whole))
        browser.close()
    print(
        f"Machine: {platform.machine()}, {os.cpu_count()} CPU cores; the lowest of {TIMES} each.\n"
    )
    print("| | as it is | without the first view | ratio |\n|---|---|---|---|")
    for name in figures[True][0]:
        whole, without = (min(one[name] for one in figures[kind]) for kind in (True, False))
        print(f"| {name} | {whole:,.0f} | {without:,.0f} | {whole / without:.2f} |")


def opening(browser: Browser, url: str, is_whole: bool) -> dict[str, float]:
    """What one opening took: milliseconds, bytes on the wire, requests, milliseconds of scripts."""
    with closing(browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.add_init_script(_CLOCK)
        if not is_whole:
            page.route(url, without_first_view)
        sizes = slow_down(page)
        page.goto(url, wait_until="commit")
        page.wait_for_function("() => times.usable && times.pictures", timeout=120_000)
        times = page.evaluate("() => times")
        return {
            "first paint, ms": page.evaluate(_PAINTED),
            "pictures of the examples, ms": times["pictures"],
            "all can be used, ms": times["usable"],
            "requests": len(sizes),
            "bytes": sum(sizes),
        }


def without_first_view(route: Route) -> None:
    """Answer with the page as it would be without its first view and what it names in advance."""
    answer = route.fetch()
    route.fulfill(response=answer, body=_FIRST_VIEW.sub("", answer.text()))


def slow_down(page: Page) -> list[float]:
    """Make it a slow phone; a list that grows by the bytes of each answer."""
    sizes: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", LINE)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


if __name__ == "__main__":
    main()
