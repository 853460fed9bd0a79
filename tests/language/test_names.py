"""Names of regions in every script and habit, what is none, and what is said of what looks like one."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.errors import UnknownRegionError
from demo.language.chains import is_name, quotations
from demo.language.letters import is_spaced
from demo.language.names import read_names
from demo.language.references import missing_by_number, resolve, without_unknown
from tests.language.test_references import REGISTRIES, meant
from tests.support.steps import steps

ALL = ["R1", "R2", "R3"]

TOUCHED = [
    ("Chinese", "R1左边的狗", ["R1=R1"]),
    ("Chinese before", "找到R1左边的人", ["R1=R1"]),
    ("two in Chinese", "R1和R2之间的球", ["R1=R1", "R2=R2"]),
    ("two next to one another", "R1R2之间", ["R1=R1", "R2=R2"]),
    ("an object in Chinese", "在R2.1上面", ["R2.1=R2.1"]),
    ("Chinese possessive", "R1的帽子", ["R1=R1"]),
    ("Japanese", "R1の右にあるもの", ["R1=R1"]),
    ("Japanese katakana", "テーブルR2の上", ["R2=R2"]),
    ("Korean topic", "R1는", ["R1=R1"]),
    ("Korean subject", "R1이 보이나요", ["R1=R1"]),
    ("Thai", "R1ซ้าย", ["R1=R1"]),
    ("Thai before", "เปรียบเทียบR1กับR2", ["R1=R1", "R2=R2"]),
    ("Lao", "ຊ້າຍR1", ["R1=R1"]),
    ("Khmer", "R1នៅ", ["R1=R1"]),
    ("Arabic prefix", "وR1", ["R1=R1"]),
    ("Hebrew prefix", "לR1", ["R1=R1"]),
    ("Hindi", "R1के बाईं ओर", ["R1=R1"]),
    ("Tamil", "R1க்கு", ["R1=R1"]),
    ("Bengali", "R2এর বামে", ["R2=R2"]),
    ("Russian without a space", "возлеR1", ["R1=R1"]),
    ("Russian ending", "левее R1-го", ["R1=R1"]),
    ("Greek", "δίπλαR2", ["R2=R2"]),
    ("Turkish ending", "R1'in solunda", ["R1=R1"]),
    ("Finnish ending", "R1:n vasemmalla", ["R1=R1"]),
    ("Hungarian ending", "az R1-ben", ["R1=R1"]),
    ("French article", "à gauche d'R1 et l’R2", ["R1=R1", "R2=R2"]),
    ("emoji", "🐶R1🐱", ["R1=R1"]),
    ("marks that set the direction", "\u200fR1\u200e يسار", ["R1=R1"]),
    ("a space of no width", "ข้าง\u200bR2\u200bซ้าย", ["R2=R2"]),
    ("an article", "the dog left of theR2", ["R2=R2"]),
    ("of", "left ofR1", ["R1=R1"]),
    ("is", "R1is red", ["R1=R1"]),
    ("and", "R1and R2", ["R1=R1", "R2=R2"]),
    ("and on both sides", "R1andR2", ["R1=R1", "R2=R2"]),
    ("a full stop", "nearR2.", ["R2=R2"]),
    ("a full stop and a word", "R2.The dog", ["R2=R2"]),
    ("who", "the man behind R2who smiles", ["R2=R2"]),
    ("both sides", "nearR2who", ["R2=R2"]),
    ("a noun", "the dog nearest to personR2", ["R2=R2"]),
    ("a participle", "the person excludingr2", ["R2=r2"]),
    ("a participle after", "R2standing there", ["R2=R2"]),
    ("a small letter", "ther2", ["R2=r2"]),
    ("a lost apostrophe", "R1s hat", ["R1=R1"]),
    ("Spanish", "cerca deR1", ["R1=R1"]),
    ("versus", "R1vsR2", ["R1=R1", "R2=R2"]),
    ("a dash", "R1–the dog left of it", ["R1=R1"]),
    ("a Korean and", "R1과 R2 사이", ["R1=R1", "R2=R2"]),
    ("Hebrew words", "בין R1 לR2", ["R1=R1", "R2=R2"]),
]

WRITTEN = [
    ("full-width", "Ｒ１の左", ["R1=Ｒ１"]),
    ("a full-width digit", "R２", ["R2=R２"]),
    ("a small full-width letter", "ｒ２．１", ["R2.1=ｒ２．１"]),
    ("Arabic digits", "R١", ["R1=R١"]),
    ("Persian digits", "R۲ چپ", ["R2=R۲"]),
    ("Devanagari digits", "R१ के पास", ["R1=R१"]),
    ("Bengali digits", "R২", ["R2=R২"]),
    ("Thai digits", "ใกล้R๒", ["R2=R๒"]),
    ("a circled digit", "R① und R②", ["R1=R①", "R2=R②"]),
    ("a subscript", "R₁", ["R1=R₁"]),
    ("a key", "R1️⃣ left", ["R1=R1️⃣"]),
    ("bold letters of mathematics", "left of 𝐑𝟏", ["R1=𝐑𝟏"]),
    ("a joiner within", "R\u20602", ["R2=R\u20602"]),
    ("a full-width hash", "＃１", ["R1=＃１"]),
    ("a full-width at sign", "＠Ｒ１左", ["R1=＠Ｒ１"]),
    ("an at sign", "@R1", ["R1=@R1"]),
    ("a space", "left of R 1", ["R1=R 1"]),
    ("a hyphen", "left of R-1", ["R1=R-1"]),
    ("an underscore", "left of R_1", ["R1=R_1"]),
    ("a full stop", "left of R.1", ["R1=R.1"]),
    ("a full stop and a space", "left of R. 1", ["R1=R. 1"]),
    ("a hash within", "left of R#1", ["R1=R#1"]),
    ("brackets within", "R(1) and R[2]", ["R1=R(1)", "R2=R[2]"]),
    ("a hash alone", "left of #1", ["R1=#1"]),
    ("a hash and a space", "left of # 1", ["R1=# 1"]),
    ("a numero sign", "слева от №1", ["R1=№1"]),
    ("two with a hash", "is #1 left of #2", ["R1=#1", "R2=#2"]),
    ("a hash and a possessive", "#1's hat", ["R1=#1"]),
    ("Japanese brackets", "「R1」の左", ["R1=R1"]),
    ("white brackets", "『R1』の左", ["R1=R1"]),
    ("black brackets", "【R2】旁边", ["R2=R2"]),
    ("angle brackets", "〈R1〉 《R2》 <R3>", ["R1=R1", "R2=R2", "R3=R3"]),
    ("curly and other brackets", "{R1} ‹R2› （R3）", ["R1=R1", "R2=R2", "R3=R3"]),
    ("a sentence in brackets", "「R1左边的狗」", ["R1=R1"]),
    ("Spanish marks", "¿R1?", ["R1=R1"]),
]

NUMBERED = [
    ("region", "region 1", ["R1=region 1"]),
    ("a name apart", "links von Region R 1", ["R1=R 1"]),
    ("without a space", "left of Region1", ["R1=Region1"]),
    ("a hash", "region #1", ["R1=region #1"]),
    ("an abbreviation", "region no. 1", ["R1=region no. 1"]),
    ("another abbreviation", "Region Nr. 2", ["R2=Region Nr. 2"]),
    ("a hyphen", "region-1", ["R1=region-1"]),
    ("box", "left of box 1", ["R1=box 1"]),
    ("boxes", "boxes 1 and 2", ["R1=boxes 1", "R2=2"]),
    ("bounding box", "in bounding box 2", ["R2=bounding box 2"]),
    ("bbox", "bbox 1", ["R1=bbox 1"]),
    ("mask", "mask 3", ["R3=mask 3"]),
    ("a bare verb", "compare box 1 and box 2", ["R1=box 1", "R2=box 2"]),
    ("Chinese", "区域1左边", ["R1=区域1"]),
    ("a number in words", "region two is red", ["R2=region two"]),
    ("a Chinese numeral", "区域一左边", ["R1=区域一"]),
    ("a Chinese ordinal", "第二个框", ["R2=第二个框"]),
    ("numbers in words", "regions one, two and three", ["R1=regions one", "R2=two", "R3=three"]),
    ("R on a Russian keyboard", "слева от Р1", ["R1=Р1"]),
    ("Rho", "δίπλα στο Ρ2", ["R2=Ρ2"]),
    ("Chinese with a name", "区域 R1", ["R1=R1"]),
    ("Chinese box", "方框2里", ["R2=方框2"]),
    ("Chinese, the number first", "1号框左边", ["R1=1号框"]),
    ("Chinese, counted", "第2个区域左边", ["R2=第2个区域"]),
    ("Japanese", "領域1の左", ["R1=領域1"]),
    ("Japanese in full-width", "領域２の左", ["R2=領域２"]),
    ("Japanese, the number first", "1番の領域の左", ["R1=1番の領域"]),
    ("Korean", "영역 1", ["R1=영역 1"]),
    ("Korean, the number first", "1번 영역 왼쪽", ["R1=1번 영역"]),
    ("Portuguese", "à esquerda da região 1", ["R1=região 1"]),
    ("French", "à gauche de la région 1", ["R1=région 1"]),
    ("French in parts", "la re\u0301gion 1", ["R1=re\u0301gion 1"]),
    ("Spanish", "región 2", ["R2=región 2"]),
    ("German", "Bereich 1", ["R1=Bereich 1"]),
    ("Russian", "слева от области 1", ["R1=области 1"]),
    ("Russian frame", "рамка 2", ["R2=рамка 2"]),
    ("Arabic", "منطقة 1", ["R1=منطقة 1"]),
    ("Hindi", "क्षेत्र १ के बाएँ", ["R1=क्षेत्र १"]),
    ("Vietnamese", "vùng 1", ["R1=vùng 1"]),
]

SEVERAL = [
    ("numbers", "R1, 2 and 3", ["R1=R1", "R2=2", "R3=3"]),
    ("numbers without spaces", "R1,2,3", ["R1=R1", "R2=2", "R3=3"]),
    ("and a number", "the ball between R1 and 2", ["R1=R1", "R2=2"]),
    ("a slash and a number", "R1/2", ["R1=R1", "R2=2"]),
    ("German", "zwischen R1 und 2", ["R1=R1", "R2=2"]),
    ("Chinese", "R1、R2和R3", ["R1=R1", "R2=R2", "R3=R3"]),
    ("Chinese numbers", "R1、2和3之间", ["R1=R1", "R2=2", "R3=3"]),
    ("Arabic", "R١، و2", ["R1=R١", "R2=2"]),
    ("all marks", "R1/R2+R3&R1;R2|R3", ["R1=R1", "R2=R2", "R3=R3", "R1=R1", "R2=R2", "R3=R3"]),
    ("after region", "region 1, 2 and 3", ["R1=region 1", "R2=2", "R3=3"]),
    ("names after regions", "regions R1 and 2", ["R1=R1", "R2=2"]),
    ("a range within", "regions 1, 2-3", ["R1=regions 1", "R2=2-3", "R3=2-3"]),
    ("hyphens between", "R1-R2-R3", ["R1=R1", "R2=R2", "R3=R3"]),
    ("the way from one to the other", "the distance from R1 to R3", ["R1=R1", "R3=R3"]),
    ("one compared to the other", "compare R1 to R3", ["R1=R1", "R3=R3"]),
    ("the way in Chinese", "从R1到R3的距离", ["R1=R1", "R3=R3"]),
    ("a count", "R1, 2 dogs", ["R1=R1"]),
    ("another count", "between R1 and 2 cups", ["R1=R1"]),
    ("a Chinese count", "R1和2个人", ["R1=R1"]),
    ("a time", "the man left of R1, 2 o'clock", ["R1=R1"]),
    ("a word of number", "region 1 and two dogs", ["R1=region 1"]),
    ("a number of none", "R1 and 7", ["R1=R1"]),
]

RANGES = [
    "R 1-3", "R 1 to R 3", "#1-#3", "#1-3", "#1 to #3", "box 1 to box 3", "region 1 to region 3",
    "R1-R3", "R1–R3", "R1—R3", "R1 - R3", "R1 – R3", "R1-3", "R1~R3", "R1〜R3", "R1～R3",
    "R1…R3", "R1...R3", "R1 … R3", "R1 to R3", "R1 through R3", "R1 thru R3", "R1 bis R3",
    "R1至R3", "R1到R3", "R1から R3", "R1부터 R3", "R1からR3まで", "R1부터 R3까지",
    "r1 to 3", "regions 1-3", "regions 1–3", "regions 1 to 3", "Ｒ１－Ｒ３", "boxes 1-3",
    "区域1至3",
]  # fmt: skip

NO_NAMES = [
    ("a footballer", "find CR7"),
    ("a drone", "the 4R2"),
    ("within a word", "bar1 and car2go"),
    ("a pronoun in front", "her2 and your3"),
    ("a comparison in front", "the closer1"),
    ("a player", "player 1 and player #1"),
    ("a fan", "the #1 fan"),
    ("a shirt", "the shirt with #2 on"),
    ("a number", "the player wearing number 1"),
    ("a noun and a number", "Find head 1, bike number one and banana number 3."),
    ("a colour", "the #1a2b3c and #112233 wall"),
    ("a post box", "the mail box 1"),
    ("one of several", "box 2 of 3"),
    ("a size", "a region 2 pixels wide, a region 3 cm high"),
    ("a file", "the picture R1.png"),
    ("an address", "write to me@r1.com or x@R2"),
    ("money", "R1,500"),
    ("a version", "R1.2.3 and 1.R2"),
    ("an accent", "Ř1"),
    ("a square", "R² and R³"),
    ("a robot within a chain", "R1R2D2"),
    ("a Chinese sign", "写着「出口R2」的牌子"),
    ("a Chinese sign in straight marks", '写着"R2"的牌子'),
    ("a German sign", "das Schild „R2“"),
    ("a Swedish sign", "skylten ”R2”"),
    ("a full-width sign", "写着＂R2＂的"),
    ("one as a pronoun", "the region one man holds"),
    ("always in Chinese", "区域一直很大"),
    ("initials", "the bill H. R. 1"),
    ("a car", "the Type R 2 car"),
    ("Chinese counts", "2个框和3个区域"),
    ("a time", "the bird at 1:20 in box"),
]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [pytest.param(s, e, id=c) for c, s, e in TOUCHED + WRITTEN + NUMBERED + SEVERAL],
)
def test_names_are_read(sentence: str, expected: list[str]) -> None:
    regions = "group" if "2.1" in sentence or "．" in sentence else "three"
    assert meant(sentence, regions) == expected


@pytest.mark.parametrize("sentence", RANGES)
@pytest.mark.parametrize("around", ["{}", "the dogs in {}, please", "「{}」"])
def test_ranges_mean_all_between(sentence: str, around: str) -> None:
    assert meant(around.format(sentence), "three") == [f"{name}={sentence}" for name in ALL]


@pytest.mark.parametrize(
    "sentence", ["R2.1-R2.3", "R2.1 to R2.3", "R2.1-3", "objects R2.1–R2.3", "R2.1至R2.3"]
)
def test_ranges_of_objects(sentence: str) -> None:
    found = resolve(sentence, REGISTRIES["group"])
    assert found.names == ("R2.1", "R2.2", "R2.3")


@pytest.mark.parametrize("sentence", [pytest.param(s, id=c) for c, s in NO_NAMES])
def test_what_is_no_name(sentence: str) -> None:
    assert meant(sentence, "three") == []


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("R9左边的狗", "R9"),
        ("R9の右", "R9"),
        ("Ｒ９", "R9"),
        ("R٩", "R9"),
        ("「R9」", "R9"),
        ("R1和R9之间", "R9"),
        ("R1–R9", "R9"),
        ("R1.7", "R1.7"),
        ("region 9", "R9"),
        ("links von Region R9", "R9"),
        ("regions 1, 2 and 9", "R9"),
        ("区域9", "R9"),
        ("область 9", "R9"),
    ],
)
def test_a_sure_name_of_no_region_is_refused(sentence: str, missing: str) -> None:
    with pytest.raises(UnknownRegionError, match=f"There is no {re.escape(missing)} here"):
        resolve(sentence, REGISTRIES["three"])
    with suppress(UnknownRegionError):
        resolve(without_unknown(sentence, REGISTRIES["three"]), REGISTRIES["three"])
        return
    pytest.fail("a name that does not exist is left")


@pytest.mark.parametrize(
    "sentence",
    ["box 9", "#9", "theR9", "R-9", "R 9", "Bereich 9", "1号框", "9号框", "nearR9who", "mask 1"],
)
def test_other_ways_to_write_a_name_mean_nothing_where_there_is_no_region(sentence: str) -> None:
    assert meant(sentence, "none") == []


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("an Audi R8", ("R8",)),
        ("an audi r8", ("r8",)),
        ("the R34 Skyline and the BMW R1200", ("R34", "R1200")),
        ("HR2", ("HR2",)),
        ("PR1", ("PR1",)),
        ("R12b", ("R12b",)),
        ("R2-D2", ("R2-D2",)),
        ("an R1-like thing", ("R1-like",)),
        ("theR9", ("theR9",)),
        ("R 9", ("R 9",)),
        ("R2-1", ("R2-1",)),
        ("слева от Р9", ("Р9",)),
        ("r 1 and r-2", ("r 1", "r-2")),
        ("r 9 and r-8", ()),
        ("box 9", ("box 9",)),
        ("the #1 fan", ("#1",)),
        ('a sign that reads "R2"', ()),
        ("“R2”左边", ("“R2”",)),
        ("the dog left of R1", ()),
        ("bar1, CR7, 4R2, car2go and player 1", ()),
        ('a sign that reads "Exit"', ()),
    ],
)
def test_what_looks_like_a_name_and_is_none_is_told(sentence: str, plain: tuple[str, ...]) -> None:
    assert resolve(sentence, REGISTRIES["three"]).plain == plain


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("region 9", {"R9": "region 9"}),
        ("区域9", {"R9": "区域9"}),
        ("R9", {}),
        ("R1-R9", {}),
        ("regions 8-9", {"R8": "regions 8", "R9": "9"}),
    ],
)
def test_what_is_missing_by_number(sentence: str, missing: dict[str, str]) -> None:
    assert missing_by_number(sentence, REGISTRIES["three"]) == missing


def test_places_count_characters_of_the_sentence() -> None:
    sentence = "🐶Ｒ１ und e\u0301 𝐑𝟐, R1️⃣左 R⑩"
    known = [*ALL, "R10"]
    found = [sentence[m.start : m.end] for m in read_names(sentence, known).mentions]
    assert found == ["Ｒ１", "𝐑𝟐", "R1️⃣", "R⑩"]


def test_quotations_and_words() -> None:
    assert quotations('a "b" and 5\'10" and 「R1」 and 「x R1」') == [(2, 5), (29, 35)]
    assert [is_name(text) for text in ("@Ｒ１", "R1 ,", "")] == [True, False, False]
    assert [c for c in ("a", "1", "é", "я", "左", "ก", "و", "_", " ", "") if is_spaced(c)] == list(
        "a1éя"
    )


# --- every sentence ------------------------------------------------------------------------------

SCRIPTS = (
    "abcdeistrR ABCRéøß的左边狗和之间区のにはカタ가는이กขซ้ายابوрстоαβकेबाअএরהל0123456789٠١２３①²½"
    " \n.,;:!?、。，-–—~…/&+()[]「」【】“”\"'’«»@#_🐶\u200b\u200d\u0301"
)
in_scripts = st.text(st.sampled_from(SCRIPTS), max_size=60) | st.text(max_size=60)
no_r = in_scripts.filter(lambda text: not re.search(r"[rｒⓡ℟ᴿрρ\U0001d400-\U0001d7ff]", text, re.I))
no_hash = no_r.filter(lambda text: not re.search("[#＃﹟№区]", text))


@settings(max_examples=500)
@given(no_hash)
def test_a_sentence_without_anything_like_a_name_names_nothing(sentence: str) -> None:
    assert read_names(sentence, [*ALL, "R2.1", "R10", "R12"]).mentions == ()


@settings(max_examples=500)
@given(in_scripts, st.sampled_from(["R1", "Ｒ１", "R١", "@R1"]), in_scripts)
def test_a_name_between_spaces_is_always_read(before: str, name: str, after: str) -> None:
    sentence = f"{before.translate(UNQUOTED)} {name} {after.translate(UNQUOTED)}"
    start = sentence.index(f" {name} ") + 1
    covered = [(m.start, m.end) for m in read_names(sentence, ["R1"]).mentions if "R1" in m.names]
    assert any(first <= start and start + len(name) <= last for first, last in covered)


UNQUOTED = str.maketrans(dict.fromkeys('"“”„‟«»「」『』`＂〝〞〟#@', " "))


@settings(max_examples=300)
@given(in_scripts)
def test_mentions_are_in_order_and_apart(sentence: str) -> None:
    mentions = read_names(sentence, ALL).mentions
    spans = [(m.start, m.end) for m in mentions]
    assert spans == sorted(spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(m.names and m.start < m.end <= len(sentence) for m in mentions)


# Single sentences of RefCOCO+ as its annotators wrote them.
REAL = [
    "Find the player wearing number 15.",
    "Find head 1.",
    "Find the foremost wine glass at the 8 o'clock corner.",
    "Find the person in row 2 with glasses and head turned.",
    "Find the person labeled '22'.",
    "Find bike number one.",
    "Find the number two laptop.",
    "Find the most visible player sitting near the banana box.",
    "Find the woman at 9pm.",
]


@pytest.mark.parametrize("sentence", REAL)
def test_real_questions_with_numbers_name_nothing(sentence: str) -> None:
    names = [f"R{number}" for number in range(1, 30)]
    assert read_names(sentence, names).mentions == ()


@pytest.mark.parametrize(
    "piece",
    [
        "R1", "R1 ", "R1左", "R-", "R 1 ", "r", "#", "#1 ", "区域", "区域1", "1号",
        "R1, 2 and ", "R1-R3-", "R1…", "a-", "「", "「R1", "“", '"', "„", "Ｒ１", "R1️⃣",
        "region ", "region 1 ", "R1 to ", "theR2who", "0.1", ".", " ", "1,", "é", "\u0301",
        "область ",
    ],
)  # fmt: skip
def test_reading_takes_a_number_of_steps_in_proportion(piece: str) -> None:
    """Counted, not timed: twice the text is at most a little more than twice the steps."""
    shorter, longer = (
        steps(partial(read_names, piece * (size // len(piece)), ALL)) for size in (2_000, 4_000)
    )
    assert longer < 2.2 * shorter + 1_000
