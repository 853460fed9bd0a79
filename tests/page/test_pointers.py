"""Where findings lead, on the page and in its values; and the scores of an answer at its button."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from demo.answers.checks import check_trace
from demo.answers.finding import Finding, TraceText
from demo.answers.trace import parse_trace
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.errors import InputError
from demo.picture.geometry import ModelBox, Size
from demo.picture.picture import PictureInfo
from demo.picture.regions import RegionObject, Registry
from demo.ui.chat.messages import messages
from demo.ui.chat.pointers import address, pointers, stretches
from demo.ui.shared.text import code, linked_boxes
from demo.ui.sheet.numbers import numbers, score_card
from tests.page.test_accessibility import grave
from tests.support.table import ask
from tests.support.texts import BROKEN, CLEAN, Text

FRAME = Size(840, 840)
EMPTY = Session.begin(PictureInfo("a.png", Size(420, 1680), "0" * 64), ReasonerInfo("table", FRAME))


def with_findings(*findings: Finding, region: str | None = None) -> Session:
    trace = TraceText("a", "b", "Not [1, 2, 3, 4]. So.", "[]")
    turn = Turn("q", "q", region=region, trace=trace, findings=findings)
    return EMPTY.with_turn(turn, EMPTY.registry)


def finding(**where: object) -> Finding:
    return replace(Finding("kind", "warning", "Something."), **where)  # type: ignore[arg-type]


# Addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "region", "expected"),
    [
        pytest.param({}, None, "", id="nowhere"),
        pytest.param({"part": "focus"}, None, "#at-focus--", id="a part"),
        pytest.param({"part": "think", "span": (4, 16)}, None, "#at-think-0-", id="a stretch"),
        pytest.param({"region": "R2.1"}, None, "#at---R2.1", id="a region"),
        pytest.param({"part": "answer", "object": 2}, "R3", "#at-answer--R3.2", id="an object"),
        pytest.param({"part": "answer", "object": 2}, None, "#at-answer--", id="object of nothing"),
        pytest.param({"model_box": (84, 84, 168, 168)}, None, "#at---42.168.84.336", id="a box"),
        pytest.param({"model_box": (168, 84, 84, 168)}, None, "#at---42.168.84.336", id="swapped"),
        pytest.param({"model_box": (-9, -9, 9999, 9999)}, None, "#at---0.0.420.1680", id="outside"),
        pytest.param({"model_box": (5, 5, 5, 5)}, None, "#at---3.10.4.11", id="without extent"),
    ],
)
def test_the_address_of_a_finding(
    where: dict[str, object], region: str | None, expected: str
) -> None:
    session = with_findings(finding(**where), region=region)
    assert address(session, session.turns[0], 0) == expected


def test_every_finding_of_the_table_leads_to_words_that_are_marked() -> None:
    for text in (*CLEAN, *BROKEN):
        session = _asked(text)
        shown = "".join(str(m["content"]) for m in messages(session)[:8])
        turn = session.turns[0]
        led = {int(n) for n in re.findall(r"#at-[a-z]+-(\d+)-", shown)}
        classes = re.findall(r'<span class="(at[ at\d]+)">', shown)
        assert led <= {int(name[2:]) for names in classes for name in names.split()}, text.caption
        assert shown.count("<span") == shown.count("</span>"), text.caption
        assert all(turn.findings[n].span is not None for n in led)


def _asked(text: Text) -> Session:
    trace = parse_trace(text.raw, FRAME)
    registry, named = Registry(), []
    for box in text.given:
        item = RegionObject("", ModelBox(*box).to_picture(EMPTY.picture.size, FRAME))
        registry, region = registry.add([item], label="it")
        named.append((region.id, ModelBox(*box)))
    turn = Turn("q", "q", trace=trace.text, raw=text.raw, findings=check_trace(trace, named))
    return EMPTY.with_turn(turn, registry)


def test_many_warnings_are_not_all_said_at_once() -> None:
    many = with_findings(*(finding(region=f"R{i}") for i in range(1, 41)))
    said = str(messages(many)[1]["content"])
    assert said.count("⚠") == 7
    assert "There are 34 more warnings" in said.replace("&#58;", ":")


# Words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        pytest.param("a b c", [(2, 3, "at0")], 'a <span class="at0">b</span> c', id="one"),
        pytest.param(
            "a b c", [(2, 3, "at0"), (0, 1, "at1")],
            '<span class="at1">a</span> <span class="at0">b</span> c', id="in order",
        ),
        pytest.param(
            "abcdef", [(0, 3, "at0"), (2, 5, "at1")], '<span class="at0 at1">abcde</span>f',
            id="overlapping",
        ),
        pytest.param(
            "at [1, 2, 3, 4] b", [(6, 17, "at0")], 'at <span class="at0">[R1](#R1) b</span>',
            id="from inside a box",
        ),
        pytest.param(
            "[1, 2, 3, 4] [1, 2, 3, 4]", [(13, 25, "at0")],
            '[R1](#R1) <span class="at0">[R1](#R1)</span>', id="the second box",
        ),
        pytest.param("ab\ncd", [(0, 5, "at0")], '<span class="at0">ab</span>\ncd', id="one line"),
        pytest.param("ab", [(7, 9, "at0")], 'ab<span class="at0"></span>', id="beyond the text"),
        pytest.param("  ab", [(2, 4, "at0")], '<span class="at0">ab</span>', id="indented"),
    ],
)  # fmt: skip
def test_stretches_of_a_text(text: str, spans: list[tuple[int, int, str]], expected: str) -> None:
    assert linked_boxes(text, {(1, 2, 3, 4): "R1"}, stretches=spans) == expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("at (84, 168) b", "at <[&#40;84&#44; 168&#41;](#at---42.336)> b", id="one"),
        pytest.param("&(839, 0)", "&#38;<[&#40;839&#44; 0&#41;](#at---419.0)>", id="last column"),
        pytest.param(
            "[1, 2, 3, 4] (1, 1)", "[R1](#R1) <[&#40;1&#44; 1&#41;](#at---1.2)>", id="behind a box"
        ),
        pytest.param("at (840, 3)", "at &#40;840&#44; 3&#41;", id="outside the frame"),
    ],
)
def test_points_of_a_text_lead_to_the_picture(written: str, shown: str) -> None:
    session = with_findings(finding())
    found = pointers(session, session.turns[0], written)
    text = linked_boxes(written, {(1, 2, 3, 4): "R1"}, pointers=found)
    assert text.replace('<span class="pointer">', "<").replace("</span>", ">") == shown


def test_stretches_of_code_keep_its_white_space() -> None:
    assert code("  a\n  b", [(6, 7, "at0")]) == '<code>  a\n  <span class="at0">b</span></code>'


def test_only_the_part_of_a_finding_is_marked() -> None:
    session = with_findings(finding(part="think", span=(4, 16)), finding(part="scene"))
    turn = session.turns[0]
    assert list(stretches(turn, "think")) == [(4, 16, "at0")]
    assert list(stretches(turn, "scene")) == []


# Values of the sheet and of the card ------------------------------------------------------------------


def test_the_sheet_says_where_its_findings_lead() -> None:
    value = numbers(with_findings(finding(region="R1"), finding()), 1)
    assert [f["address"] for f in value["findings"]] == ["#at---R1", ""]


def test_the_card_shows_an_answer_among_the_others() -> None:
    first = EMPTY.with_turn(Turn("q", "q", trace=TraceText("a", None, "b", "[]")), EMPTY.registry)
    both = first.with_turn(Turn("q", "q", trace=TraceText("a", "c", None, "[]")), first.registry)
    card = score_card(both, 2)
    form = next(row for row in card["rows"] if row["name"] == "format")
    assert (form["value"], form["trend"]) == (0.5, [1.0, 0.5])
    assert [row["trend"] for row in card["rows"] if row["name"] == "citation"] == [[None, None]]
    with pytest.raises(InputError):
        score_card(both, 3)


# On the page ------------------------------------------------------------------------------------------


def warning(page: Page, words: str) -> Locator:
    return page.locator("#chat .finding a").filter(has_text=words)


def ghost(page: Page) -> Locator:
    return page.locator("#canvas .ghost .box")


def corners(box: Locator) -> list[str | None]:
    return [box.get_attribute(name) for name in ("x", "y", "width", "height")]


def test_pointing_at_an_invented_box_shows_its_ghost(pair_page: Page) -> None:
    expect(ghost(pair_page)).to_have_count(0)
    warning(pair_page, "[1, 2, 3, 4]").hover()
    expect(ghost(pair_page)).to_have_count(1)
    assert corners(ghost(pair_page)) == ["0", "1", "1", "1"]  # a 2.1th of the model frame, rounded
    expect(pair_page.locator("#canvas .ghost-name")).to_have_text("Nobody gave this box")
    pair_page.hover("#send")
    expect(ghost(pair_page)).to_have_count(0)
    pair_page.locator("#chat .invented a").focus()
    expect(ghost(pair_page)).to_have_count(1)
    pair_page.focus("#message textarea")
    expect(ghost(pair_page)).to_have_count(0)
    expect(pair_page.locator("#canvas .ghost-name")).to_be_hidden()


def test_pointing_at_a_point_of_the_reasoning_shows_it(page: Page) -> None:
    ask(page, "spot the blue one")
    spot = page.locator("#canvas .ghost .point path").first
    points = page.locator("#chat .pointer a")
    expect(points).to_have_text(["(190, 300)", "(610, 300)"])
    expect(page.locator("#chat .pointer").last).to_have_attribute(
        "title", "Shows this point on the picture."
    )
    points.last.hover()
    expect(spot).to_have_attribute("d", "M290.5 107.5h0")  # a 2.1th of the model frame, rounded
    page.hover("#send")
    expect(spot).to_have_count(0)
    points.first.press("Enter")
    expect(spot).to_have_attribute("d", "M90.5 107.5h0")
    expect(page.locator("#workspace .spoken")).to_have_text("The point is shown on the picture.")
    page.keyboard.press("Escape")
    expect(spot).to_have_count(0)


def test_a_finding_opens_the_part_and_marks_the_words(pair_page: Page) -> None:
    pair_page.locator("#chat .title", has_text="Reasoning").last.click()
    whole = pair_page.locator("#chat .thought > div > .thought-group > .title").last
    whole.click()
    expect(pair_page.locator("#chat .invented")).to_have_count(0)
    warning(pair_page, "[1, 2, 3, 4]").press("Enter")
    words = pair_page.locator("#chat .at-shown")
    expect(words).to_have_text("[1, 2, 3, 4]")
    expect(words).to_be_focused()
    expect(words).to_be_in_viewport()
    expect(ghost(pair_page)).to_have_count(1)
    expect(pair_page.locator("#workspace .spoken")).to_contain_text("nobody gave")
    assert "#at" not in pair_page.url
    pair_page.keyboard.press("Escape")
    expect(ghost(pair_page)).to_have_count(0)


def test_a_finding_about_a_region_lights_it(pair_page: Page) -> None:
    cited = pair_page.locator("#chat .finding.ok a")
    cited.hover()
    expect(pair_page.locator('#canvas [data-object="R1.1"]')).to_have_class(re.compile("lit"))
    expect(ghost(pair_page)).to_have_count(0)
    cited.click()
    expect(pair_page.locator("#chat .at-shown")).to_have_text("R1")
    expect(pair_page.locator('#canvas [data-object="R1.1"]')).to_have_class(re.compile("lit"))


def test_the_sheet_leads_to_the_same_places(pair_page: Page) -> None:
    pair_page.click("#chat a[href='#numbers-2']")
    sheet = pair_page.get_by_role("dialog", name="Answer 2: the numbers")
    sheet.get_by_role("button", name="[1, 2, 3, 4]").click()
    expect(sheet).to_be_hidden()
    expect(pair_page.locator("#chat .at-shown")).to_have_text("[1, 2, 3, 4]")
    expect(ghost(pair_page)).to_have_count(1)


def test_the_scores_of_an_answer_are_explained(pair_page: Page) -> None:
    button = pair_page.get_by_role("button", name="Scores of answer 2")
    button.focus()
    pair_page.keyboard.press("Enter")
    card = pair_page.get_by_role("dialog", name="Answer 2: how it was reasoned")
    rows = card.locator(".score button")
    expect(rows).to_have_text(
        [
            re.compile(r"Cites what was given\s*38 %"),
            re.compile(r"Uses what it saw"),
            re.compile(r"Keeps the form\s*100 %"),
            re.compile(r"Does not repeat itself\s*100 %"),
        ]
    )
    expect(rows.first).to_be_focused()
    expect(card.get_by_role("img").first).to_have_attribute(
        "aria-label", "Over the dialogue: answer 1 does not apply, answer 2 38 %"
    )
    pair_page.keyboard.press("Enter")
    expect(card).to_contain_text("Of 2 boxes cited, 1 came from the question")
    expect(rows.first).to_have_attribute("aria-expanded", "true")
    assert grave(pair_page) == []
    pair_page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(button).to_be_focused()


def test_a_score_that_does_not_apply_says_why(pair_page: Page) -> None:
    pair_page.click("#chat a[href='#scores-1']")
    card = pair_page.get_by_role("dialog", name="Answer 1: how it was reasoned")
    expect(card.locator(".score").first).to_contain_text("does not apply")
    expect(card.locator(".score").first).to_contain_text("no region to cite")
    pair_page.mouse.click(5, 300)
    expect(card).to_be_hidden()


def test_the_scores_fit_a_phone(pair_page: Page) -> None:
    pair_page.set_viewport_size({"width": 390, "height": 844})
    pair_page.click("#chat a[href='#scores-2']")
    card = pair_page.locator(".scores")
    expect(card).to_be_visible()
    for row in card.locator(".score button").all():
        row.click()
    box = card.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 844
    assert pair_page.evaluate("document.documentElement.scrollWidth") <= 390
