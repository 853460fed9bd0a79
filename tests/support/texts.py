"""Model texts, clean and broken, with what must be said about each: exactly these findings.

The table holds data only; `answers/test_checks.py` reads it. A clean text must be met with nothing but the citations it
makes (``citation.valid``) and, where its list is empty, ``answer.empty``: anything else is a false alarm. Of a
broken text every finding named here must come: one that does not is a miss.
"""

# ruff: noqa: E501
# One text a line, however long it is.
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

XYXY = tuple[int, int, int, int]

HOUSE: XYXY = (10, 40, 80, 120)
DOG: XYXY = (100, 90, 140, 130)
PLAYER: XYXY = (416, 88, 628, 338)
BEAR: XYXY = (308, 0, 541, 147)
BALL: XYXY = (300, 500, 360, 560)


@dataclass(frozen=True, slots=True)
class Text:
    """One text with the boxes given in its question, and what must come of it.

    ``kinds`` are the kinds of all findings in any order, ``boxes`` the answer in the model frame of 840 × 840.
    """

    caption: str
    raw: str
    kinds: tuple[str, ...] = ()
    given: tuple[XYXY, ...] = ()
    boxes: tuple[XYXY, ...] = (DOG,)


def obj(box: Sequence[int] = DOG, point: Sequence[int] | None = None) -> str:
    """One object of an answer, its point in the middle unless told."""
    x, y = point or ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)
    return f'{{"bbox_2d": {list(box)}, "point_2d": [{x}, {y}]}}'


def listed(*boxes: XYXY) -> str:
    """A well-formed answer."""
    return f"[{', '.join(obj(box) for box in boxes)}]"


def bbox(box: XYXY) -> str:
    return f"bbox={list(box)}"


ANSWER = listed(DOG)
SCENE = "A sunny park. From left to right: a red house, a man in a blue shirt, a brown dog."
THINK = "Looking for the brown dog. It is the brown dog on the right."
FOCUS = "A red house."
CITING = f"The target is right of the reference {bbox(HOUSE)}. It is the brown dog."


def trace(
    think: str | None = THINK,
    answer: str | None = ANSWER,
    *,
    scene: str | None = SCENE,
    focus: str | None = None,
) -> str:
    """A text with these parts in their order, each behind its own line."""
    parts = {"scene": scene, "focus": focus, "think": think, "answer": answer}
    return "\n".join(f"<{name}>{text}</{name}>" for name, text in parts.items() if text is not None)


def about(
    think: str = CITING, answer: str = ANSWER, *, scene: str = SCENE, focus: str = FOCUS
) -> str:
    """A text that answers a question about the house."""
    return trace(think, answer, scene=scene, focus=focus)


def _clean(caption: str, raw: str, *given: XYXY, boxes: tuple[XYXY, ...] = (DOG,)) -> Text:
    kinds = ("citation.valid",) * len(given) + (() if boxes else ("answer.empty",))
    return Text(caption, raw, kinds, given, boxes)


def _broken(
    caption: str,
    raw: str,
    *kinds: str,
    given: tuple[XYXY, ...] = (),
    boxes: tuple[XYXY, ...] = (DOG,),
) -> Text:
    return Text(caption, raw, kinds, given, boxes)


# Clean ------------------------------------------------------------------------------------------------

_LONG = " ".join(
    f"Candidate {number} is the {what}, which {why}."
    for number, (what, why) in enumerate(
        [
            ("man with a blue shirt", "stands on the lawn and looks at the camera"),
            ("boy beside the red house", "holds a kite but no lead"),
            ("brown dog", "sits on the grass, to the right of the man"),
            ("white dog in the background", "is much smaller and hardly visible"),
            ("statue near the fountain", "only looks like a dog because of its shadow"),
            ("lady on the bench", "reads a newspaper"),
        ],
        start=1,
    )
)

_STYLES = (
    _clean("as nano writes", trace()),
    _clean("as nano writes, with a reference", about(), HOUSE),
    _clean(
        "as RegionReasoner writes, first round",
        trace(
            "The task is to find the player with the number 18. Scanning the field, several players wear white "
            "uniforms. The one in the centre has 18 on the back, so this is the target.",
            listed(PLAYER),
            scene="The image shows a baseball game in progress, with players in white uniforms on the field and "
            "spectators in the stands behind a fence.",
        ),
        boxes=(PLAYER,),
    ),
    _clean(
        "as RegionReasoner writes, later round",
        trace(
            f"The question asks for the spectator behind {bbox(PLAYER)}. The relation is 'above', so the target must "
            "lie above the reference. Among the spectators in the stands, the man in the red cap is closest.",
            listed(BEAR),
            scene="A baseball game is in progress. Players in white uniforms stand on the field and spectators watch "
            "from the stands.",
            focus="A baseball player in a white uniform with the number 18, his hands on his hips.",
        ),
        PLAYER,
        boxes=(BEAR,),
    ),
    _clean(
        "a long line of thought", trace(f"Looking for the brown dog. {_LONG} So it is candidate 3.")
    ),
    _clean(
        "a very long thought",
        trace(" ".join(f"Part {i} of the park holds {i} things." for i in range(300))),
    ),
    _clean("one word of thought", trace("Dog.")),
    _clean("an empty thought", trace("")),
    _clean("thought in capitals", trace("THE TARGET IS THE BROWN DOG ON THE RIGHT OF THE MAN.")),
    _clean("no scene, as VisionReasoner writes", trace(scene=None)),
    _clean("all on one line", trace().replace("\n", "")),
    _clean("blank lines and Windows line ends", trace().replace("\n", "\r\n\r\n")),
    _clean(
        "indented", "  " + trace(f"\n    {THINK}\n  ", f"\n    {ANSWER}\n  ").replace("\n", "\n  ")
    ),
    _clean("upper-case tags", trace().replace("think>", "THINK>").replace("answer>", "Answer>")),
    _clean("text before the first tag", f"Sure, here it is.\n{trace()}"),
    _clean("text after the answer", f"{trace()}\nI hope this helps! Let me know."),
    _clean("end-of-turn token left in", f"{trace()}<|im_end|>"),
    _clean("byte order mark first", f"\ufeff{trace()}"),
    _clean("a fence round the whole", f"```\n{trace()}\n```"),
    _clean("parts in another order", "\n".join(reversed(trace().splitlines()))),
)

_WORDING = (
    _clean(
        "decimals and percentages",
        trace("The dog takes up 3.5 % of the park, at a ratio of 1.25 : 1. It is brown."),
    ),
    _clean(
        "names of regions",
        trace("R1 was the red house, R2.1 the man; the dog is neither R1 nor R2."),
    ),
    _clean(
        "counts",
        trace(
            "There are 3 houses, 2 men and 1 dog. 3 + 2 + 1 = 6 things in the park. The dog is brown."
        ),
    ),
    _clean(
        "less-than signs",
        trace("The dog is < 50 px wide and x<y>z here, 3 <4, a <- b. It is brown."),
    ),
    _clean("arrows and comparison", trace("red house -> man => brown dog; 1 <= 2 >= 1 <> 0.")),
    _clean(
        "HTML in a thought",
        trace("The sign says <b>DOG</b> &amp; <i>park</i>. The brown dog is right of it."),
    ),
    _clean("a script in a scene", trace(scene=f"{SCENE} <script>alert('dog')</script>")),
    _clean(
        "Markdown",
        trace("**Candidates**\n\n- the *man*\n- the `dog`\n\n1. not the man\n2. the brown dog"),
    ),
    _clean(
        "a table",
        trace("| thing | fits |\n|---|---|\n| man | no |\n| dog | yes |\n\nThe brown dog."),
    ),
    _clean(
        "code and braces",
        trace("In {braces} and $formula$ and \\frac{1}{2}: the brown dog in the park."),
    ),
    _clean("emoji and symbols", trace("🐕 = the brown dog ✓, 🏠 ≠ dog ✗ … — “right” of the man.")),
    _clean(
        "quotation marks of all kinds",
        trace("The “brown” 'dog' is what «dog» and „dog“ and `dog` mean."),
    ),
    _clean(
        "abbreviations",
        trace("E.g. Mr. Brown vs. Dr. Dog, approx. 5 ft. apart, i.e. near. The dog is brown."),
    ),
    _clean(
        "a point mentioned",
        trace("The middle of the dog is at [120, 110], or (120, 110). It is brown."),
    ),
    _clean(
        "three or five numbers in brackets",
        trace("The dog is at [1, 2, 3] of [1, 2, 3, 4, 5]. It is brown."),
    ),
    _clean(
        "four numbers without brackets",
        trace("The dog spans 5, 6, 7, 8 or (5, 6, 7, 8). It is brown."),
    ),
    _clean(
        "years in brackets",
        trace("The sign says [1998] and [2004, 2008]. The dog beside it is brown."),
    ),
    _clean(
        "tags mentioned",
        trace("The answer goes into <answer> tags, as <scene> says. The brown dog."),
    ),
    _clean("a part named inside another", trace(scene=f"{SCENE} No <focus> is needed.")),
    _clean("a sentence said twice", trace("It is the brown dog. Is it? It is the brown dog.")),
    _clean(
        "says what is not there",
        trace("There is no dog on the left, but one on the right: it is brown."),
    ),
    _clean(
        "says that there is no other",
        trace("The brown dog in the park. There are no other dogs in the image."),
    ),
    _clean(
        "takes what is nearest",
        trace("There is no white dog in the image. The brown dog is the closest match."),
    ),
    _clean(
        "short words said often", trace("No. No. No. Yes. Yes. Yes. The brown dog in the park.")
    ),
    _clean(
        "like things in one sentence",
        trace("A white plate, a white plate, a white plate and the brown dog."),
    ),
    _clean("the scene repeated once", trace(f"{SCENE} So the brown dog.")),
    _clean("ellipses", trace("Hmm... let me see... the man... no... the brown dog...")),
    _clean("a very long word", trace(f"The sign says {'a' * 5000} beside the brown dog.")),
    _clean("control characters", trace("The\x00 brown\x07 dog\x1b[31m is\x7f here.\u200b\u202e")),
    _clean(
        "combining letters", trace("The do\u0308g ís\u0301 n\u0303ext to the ma\u0300n, brown.")
    ),
)

_CITING = (
    _clean("cites the box of the answer", trace(f"The brown dog is at {bbox(DOG)}.")),
    _clean("cites the answer without bbox", trace("The brown dog is at [100,90,140,130].")),
    _clean("measures in the scene", trace(scene=f"{SCENE} The house is at [5, 6, 7, 8].")),
    _clean("cites without a space", about("Right of bbox=[10,40,80,120]: the brown dog."), HOUSE),
    _clean("cites without =", about("Right of bbox [10, 40, 80, 120]: the brown dog."), HOUSE),
    _clean("cites bare numbers", about("Right of [10, 40, 80, 120]: the brown dog."), HOUSE),
    _clean("cites in capitals", about("RIGHT OF BBOX=[10, 40, 80, 120]: THE BROWN DOG."), HOUSE),
    _clean(
        "cites with a colon",
        about("The reference (bbox: [10, 40, 80, 120]) is a house; right of it, the dog."),
        HOUSE,
    ),
    _clean(
        "cites as JSON",
        about('The reference {"bbox_2d": [10, 40, 80, 120]} is left of the brown dog.'),
        HOUSE,
    ),
    _clean(
        "cites with floats", about("Right of bbox=[10.0, 40.0, 80.0, 120.0]: the brown dog."), HOUSE
    ),
    _clean(
        "cites over two lines", about("Right of bbox=[10, 40,\n80, 120]: the brown dog."), HOUSE
    ),
    _clean("cites in bold", about("Right of **bbox=[10, 40, 80, 120]**: the brown dog."), HOUSE),
    _clean(
        "cites five times",
        about(" ".join(f"Step {i}: {bbox(HOUSE)}, dog." for i in range(5))),
        HOUSE,
    ),
    _clean(
        "cites with wide commas", about("在 bbox=[10，40，80，120] 的右边，是一只棕色的狗。"), HOUSE
    ),
    _clean(
        "cites in the focus too", about(focus=f"The region {bbox(HOUSE)} shows a red house."), HOUSE
    ),
    _clean(
        "cites two references",
        about(f"Between {bbox(HOUSE)} and {bbox(BALL)} is the brown dog."),
        HOUSE,
        BALL,
    ),
    _clean("cites one box of two names", about(), HOUSE, HOUSE),
    _clean(
        "cites the answer before it was rounded",
        trace(
            "The brown dog is at [99.6, 90.4, 139.7, 130.2].",
            '[{"bbox_2d": [99.6, 90.4, 139.7, 130.2]}]',
        ),
    ),
    _clean(
        "cites a reference and the answer",
        about(f"{bbox(HOUSE)} is left of {bbox(DOG)}, the dog."),
        HOUSE,
    ),
)

_MANY: tuple[XYXY, ...] = tuple(
    (i % 100 * 8, i // 100 * 8, i % 100 * 8 + 6, i // 100 * 8 + 7) for i in range(10_000)
)

_ANSWERS = (
    _clean("two objects", trace(answer=listed(DOG, BALL)), boxes=(DOG, BALL)),
    _clean("two that overlap much", trace(answer=listed(DOG, (100, 91, 140, 130))), boxes=(DOG, (100, 91, 140, 130))),
    _clean(
        "120 objects",
        trace(answer=listed(*[(i, i, i + 9, i + 9) for i in range(120)])),
        boxes=tuple((i, i, i + 9, i + 9) for i in range(120)),
    ),
    _clean("10,000 objects", trace(answer=listed(*_MANY)), boxes=_MANY),
    _clean("an empty list", trace("Looking for a cat. There is none in the park.", "[]"), boxes=()),
    _clean("an empty list with spaces", trace("None of the animals in the park is a cat.", " [ ] "), boxes=()),
    _clean("an empty list with a reference", about(f"Right of {bbox(HOUSE)} is no cat.", "[]"), HOUSE, boxes=()),
    _clean("no point", trace(answer='[{"bbox_2d": [100, 90, 140, 130]}]')),
    _clean("point is null", trace(answer='[{"bbox_2d": [100, 90, 140, 130], "point_2d": null}]')),
    _clean("point on the edge", trace(answer=f"[{obj(DOG, (140, 130))}]")),
    _clean("point first", trace(answer='[{"point_2d": [120, 110], "bbox_2d": [100, 90, 140, 130]}]')),
    _clean("floats", trace(answer='[{"bbox_2d": [100.2, 89.7, 140.0, 1.3e2], "point_2d": [119.5, 110.4]}]')),
    _clean("printed over many lines", trace(answer=ANSWER.replace(", ", ",\n  ").replace("[", "[\n  "))),
    _clean("without spaces", trace(answer=ANSWER.replace(" ", ""))),
    _clean("tabs", trace(answer=ANSWER.replace(" ", "\t"))),
    _clean("the whole frame", trace(answer=listed((0, 0, 840, 840))), boxes=((0, 0, 840, 840),)),
    _clean(
        "labels, scores and other keys",
        trace(answer='[{"label": "brown dog, \\"Rex\\" [1, 2, 3, 4] {x} // y", "score": 0.97, "tags": ["a", {}], '
              '"sub": {"bbox": 1}, "bbox_2d": [100, 90, 140, 130]}]'),
    ),
    _clean("label in another script", trace(answer='[{"bbox_2d": [100, 90, 140, 130], "label": "棕色的狗 كلب 🐕"}]')),
    _clean("escaped half of a surrogate in a label", trace(answer='[{"bbox_2d": [100, 90, 140, 130], "label": "\\ud83d"}]')),
    _clean("the same label often", trace(answer="[" + ", ".join(f'{{"bbox_2d": {list(box)}, "label": "a brown dog here"}}' for box in _MANY[:5]) + "]"), boxes=_MANY[:5]),
    _clean("an answer that was thought better of", trace(answer=listed(BALL)) + f"\n<answer>{ANSWER}</answer>"),
)  # fmt: skip

_LANGUAGES = (
    _clean("Chinese", trace("寻找棕色的狗。参考框的右边只有一只狗，所以它就是目标。", scene="阳光明媚的公园。从左到右：一座红色的房子、一个穿蓝衬衫的男人、一只棕色的狗。")),
    _clean(
        "Chinese, with a reference",
        trace(f"目标在参考框 {bbox(HOUSE)} 的右边。穿过草地可以看到一只棕色的狗。", scene="阳光明媚的公园，有房子、男人和狗。", focus="一座红色的房子。"),
        HOUSE,
    ),
    _clean("Japanese", trace("茶色の犬を探します。男性の右側に座っている犬が対象です。", scene="晴れた公園。左から赤い家、青いシャツの男性、茶色の犬。")),
    _clean("Korean", trace("갈색 개를 찾습니다. 남자의 오른쪽에 앉아 있는 개가 대상입니다.", scene="화창한 공원. 왼쪽부터 빨간 집, 파란 셔츠를 입은 남자, 갈색 개.")),
    _clean("Thai", trace("กำลังมองหาสุนัขสีน้ำตาลที่อยู่ทางขวาของผู้ชาย", scene="สวนสาธารณะที่มีแดดจ้า บ้านสีแดง ผู้ชายเสื้อสีฟ้า")),
    _clean("Arabic", trace("نبحث عن الكلب البني. إنه الكلب الموجود على يمين الرجل الجالس.", scene="حديقة مشمسة فيها منزل أحمر ورجل يرتدي قميصا أزرق وكلب بني.")),
    _clean("Hebrew", trace("מחפשים את הכלב החום. הוא יושב מימין לאיש.", scene="פארק שטוף שמש ובו בית אדום, איש בחולצה כחולה וכלב חום.")),
    _clean("Hindi", trace("भूरे कुत्ते की तलाश है। वह आदमी के दाईं ओर बैठा है।", scene="धूप वाला पार्क। बाएँ से दाएँ: लाल घर, नीली कमीज़ में आदमी, भूरा कुत्ता।")),
    _clean("Russian", trace("Ищем коричневую собаку. Она сидит справа от мужчины, рядом со скамейкой.", scene="Солнечный парк: красный дом, мужчина в синей рубашке и коричневая собака.")),
    _clean(
        "German",
        trace(
            "Gesucht wird das Tier neben der Bank. Es sitzt in der Wiese und wartet offenbar auf Futter, wie an der Haltung zu sehen ist.",
            scene="Ein sonniger Park in der Stadt, in dem ein rotes Haus, eine Frau mit Hut und mehrere Kinder zu sehen sind.",
        ),
    ),
    _clean(
        "Dutch",
        trace(
            "Gezocht wordt het dier dat rechts over de weg loopt; het was eerder al in beeld en draagt een halsband.",
            scene="Een zonnig park in de stad, met een rood huis, een man met blauw overhemd en spelende kinderen.",
        ),
    ),
    _clean(
        "Spanish",
        trace("Se busca el animal que no lleva correa; me parece que descansa junto al banco verde.", scene="Un parque soleado con una casa roja, un hombre de camisa azul y varios niños jugando."),
    ),
    _clean(
        "Finnish",
        trace("Etsitään eläintä, joka on penkin vieressä ja odottaa ilmeisesti ruokaa.", scene="Aurinkoinen puisto, jossa on punainen talo, sininen mies ja leikkiviä lapsia."),
    ),
    _clean(
        "scene in English, thought in German",
        trace("Gesucht wird das Tier neben der Bank. Es sitzt in der Wiese und wartet offenbar auf Futter."),
    ),
)  # fmt: skip

# What is thought need not use the words of the scene: the same things have many names.
_OWN_WORDS = (
    _clean(
        "other words for the same",
        trace(
            "The batter wears number 18 and swings his bat, so he is the one asked for.",
            scene="A baseball game in progress with several players on the field.",
        ),
    ),
    _clean(
        "something the scene leaves out",
        trace(
            "Looking for the traffic light. The signal hangs high over the crossing and shows green.",
            scene="A busy street with cars, pedestrians and tall buildings.",
        ),
    ),
    _clean(
        "singular and plural",
        trace(
            "The spectator wears a striped pullover and glasses; his neighbour waves a flag.",
            scene="Two teams compete while spectators watch from crowded stands under grey clouds.",
        ),
    ),
    _clean(
        "a kitchen",
        trace(
            "We need something to drink from. The mug with a chipped handle fits the request best.",
            scene="A kitchen counter with dishes, cups, a kettle and a window behind the sink.",
        ),
    ),
    _clean(
        "a person by what they do",
        trace(
            "Someone is taking a photograph: the woman crouching with a camera, lens pointed at the sea.",
            scene="A sandy beach with umbrellas, people relaxing and waves rolling in.",
        ),
    ),
    _clean(
        "thought about the question only",
        trace("The question asks for an animal, not for people or buildings."),
    ),
)

# Written after the checks had been mended by the texts above, and before they were run.
_LATER_CLEAN = (
    _clean("street", trace("To the left of the parked van stands a lamppost. Leaning on it, the cyclist in the yellow vest waits.", scene="A city street at dusk with shops, parked vehicles and a few passers-by on the pavement.")),
    _clean("zoo", trace("Which one has its trunk raised? The calf in front keeps it down, its mother lifts it towards the leaves.", scene="Two elephants in an enclosure with rocks, trees and a fence.")),
    _clean("tennis", trace("The one serving must be the target: racket overhead, ball just tossed.", scene="A tennis court with two women competing in front of a small audience.")),
    _clean("pizza", trace("I see a slice with olives on the plate nearest to the camera and another one with mushrooms. The question wants olives.", scene="A table set for dinner with several plates, glasses of wine and cutlery.")),
    _clean("bus", trace("The double-decker is red and shows line 12. The other bus is blue. So the double-decker it is.", scene="Two buses wait at a stop; people board the first one.")),
    _clean("giraffe", about(f"The reference {bbox(HOUSE)} is a giraffe drinking; behind it, a zebra grazes. Zebra chosen.", scene="Savannah with animals near a waterhole under a cloudy sky.", focus="A giraffe bending its neck."), HOUSE),
    _clean("short scene", trace("The umbrella with polka dots is held by the girl crossing over; everyone else carries plain umbrellas in black.", scene="A rainy crossing.")),
    _clean("skateboard", trace("The rider doing a kickflip wears a beanie and torn jeans; the others only watch him from the ramp.", scene="Young people gather at a skatepark with concrete bowls, graffiti walls and benches.")),
    _clean("office", trace("A monitor left of the stapler displays a spreadsheet. No other screen does, hence this one.", scene="An untidy desk holding electronic devices, papers, mugs and stationery.")),
    _clean("wedding", trace("The bride throws her bouquet; among those reaching out, the tallest has a ponytail and an emerald dress.", scene="Guests celebrate outdoors near a white tent while musicians perform.")),
    _clean("cows", trace("Counting from the left: first, second, third. The third cow has a bell.", listed(BALL), scene="Five cows lie on an alpine meadow."), boxes=(BALL,)),
    _clean("enumeration", trace("1) The man. 2) The boy. 3) The girl. Of these, 3) has a hat, so the girl.")),
    _clean("French", trace("On cherche le chien marron. Il est assis à droite de l'homme, près du banc.", scene="Un parc ensoleillé avec une maison rouge, un homme en chemise bleue et un chien marron.")),
    _clean("Portuguese", trace("Procura-se o animal sem coleira, que descansa à sombra da árvore.", scene="Um parque ensolarado com uma casa vermelha e crianças a brincar.")),
    _clean("Italian with a reference", trace(f"A destra del riferimento {bbox(HOUSE)} si trova il cane marrone.", scene="Un parco con una casa rossa, un uomo e un cane.", focus="Una casa rossa."), HOUSE),
    _clean("Polish", trace("Szukamy brązowego psa. Siedzi on na prawo od mężczyzny w niebieskiej koszuli.", scene="Słoneczny park, czerwony dom, mężczyzna i brązowy pies.")),
    _clean("Turkish", trace("Kahverengi köpek aranıyor. Adamın sağında oturan köpek hedeftir.", scene="Güneşli bir park, kırmızı bir ev, mavi gömlekli bir adam ve kahverengi bir köpek.")),
    _clean("Vietnamese", trace("Tìm con chó màu nâu. Nó ngồi bên phải người đàn ông.", scene="Công viên đầy nắng với ngôi nhà đỏ và con chó nâu.")),
    _clean("Chinese and English mixed", trace("The target 是右边的 brown dog，with 棕色的毛。", scene=SCENE)),
    _clean("LaTeX box", trace("The dog is at $[100, 90, 140, 130]$, brown.")),
    _clean("answer box in a sentence end", trace("Therefore: [100, 90, 140, 130].")),
    _clean("single-quoted dog's bowl", trace("It's the dog's bowl's owner's brown dog.")),
    _clean("label with brackets and braces", trace(answer='[{"bbox_2d": [100, 90, 140, 130], "point_2d": [120, 110], "label": "}]{["}]')),
    _clean("nested tags of HTML", trace("<p>The <span class='x'>brown</span> dog</p>")),
    _clean("numbers with thousands separators", trace("About 1,000,000 pixels [1,000] show the park; the dog takes 4,000.")),
    _clean("zero-width spaces", trace("The\u200bbrown\u200bdog\u200bis\u200bhere.")),
    _clean("matrix in text", trace("Like [[1, 2], [3, 4]], the dog and the man.")),
    _clean("answer with crlf", trace(answer=ANSWER.replace(", ", ",\r\n"))),
    _clean("three answers", trace(answer=listed(BALL)) + f"<answer>{listed(BEAR)}</answer><answer>{ANSWER}</answer>"),
    _clean("stop words only", trace("It is the one which is on the other side of it.")),
)  # fmt: skip

CLEAN = (
    *_STYLES, *_WORDING, *_CITING, *_ANSWERS, *_LANGUAGES, *_OWN_WORDS, *_LATER_CLEAN
)  # fmt: skip

# Broken -----------------------------------------------------------------------------------------------

_REPAIRED = "answer.repaired"
_UNREADABLE = "answer.unreadable"
_CUT = "trace.truncated"
_VALID = "citation.valid"
_NO_CAT = "Looking for a cat. No cat."
_MISSING = "citation.missing"
_INVENTED = "citation.invented"


def _mended(caption: str, answer: str, boxes: tuple[XYXY, ...] = (DOG,)) -> Text:
    return _broken(caption, trace(answer=answer), _REPAIRED, boxes=boxes)


_FORMS = (
    _mended("fence", f"```json\n{ANSWER}\n```"),
    _mended("nested fences", f"```json\n```json\n{ANSWER}\n```\n```"),
    _mended("fence never closed", f"```json\n{ANSWER}"),
    _mended("fence with tildes", f"~~~json\n{ANSWER}\n~~~"),
    _mended("single quotes", ANSWER.replace('"', "'")),
    _mended("mixed quotes", "[{\"bbox_2d': [100, 90, 140, 130], 'point_2d\": [120, 110]}]".replace("\"bbox_2d'", "'bbox_2d'").replace("'point_2d\"", '"point_2d"')),
    _mended("typographic quotes", ANSWER.replace('"bbox_2d"', "“bbox_2d”").replace('"point_2d"', "‘point_2d’")),
    _mended("no quotes", ANSWER.replace('"', "")),
    _mended("commas at the ends", "[{\"bbox_2d\": [100, 90, 140, 130,], \"point_2d\": [120, 110],},]"),
    _mended("commas missing", '[{"bbox_2d": [100 90 140 130] "point_2d": [120 110]}]'),
    _mended("commas doubled", '[{"bbox_2d": [100,, 90, 140, 130],, "point_2d": [120, 110]}]'),
    _mended("wide commas and colons", '[{"bbox_2d"：[100，90，140，130]，"point_2d"：[120，110]}]'),
    _mended("equals signs", '[{"bbox_2d" = [100, 90, 140, 130]}]'),
    _mended("comments", f"[ // the dog\n {obj()} /* brown */ ]"),
    _mended("a lone object", obj()),
    _mended("objects without a list", f"{obj()}\n{obj(BALL)}", (DOG, BALL)),
    _mended("objects without commas", f"[{obj()} {obj(BALL)}]", (DOG, BALL)),
    _mended("a bare list", "[100, 90, 140, 130]"),
    _mended("bare lists", "[[100, 90, 140, 130], [300, 500, 360, 560]]", (DOG, BALL)),
    _mended("a list inside an object", f'{{"objects": {ANSWER}}}'),
    _mended("lists in lists", f"[[[{obj()}]]]"),
    _mended("key bbox", ANSWER.replace("bbox_2d", "bbox")),
    _mended("key box", ANSWER.replace("bbox_2d", "box")),
    _mended("keys in capitals", ANSWER.replace("bbox_2d", "BBOX_2D")),
    _mended("Seg-Zero's form", '{"bbox": [100, 90, 140, 130], "points_1": [120, 110], "points_2": [130, 100]}'),
    _mended("numbers as text", '[{"bbox_2d": ["100", "90", "140", "130"], "point_2d": ["120", "110"]}]'),
    _mended("box as text", '[{"bbox_2d": "100, 90, 140, 130"}]'),
    _mended("swapped corners", '[{"bbox_2d": [140, 130, 100, 90], "point_2d": [120, 110]}]'),
    _mended("NaN beside a box", f'[{{"bbox_2d": [NaN, 1, 2, 3]}}, {obj()}]'),
    _mended("infinity beside a box", f'[{obj()}, {{"bbox_2d": [0, 0, Infinity, 1e999]}}]'),
    _mended("a number of 5,000 digits beside a box", f'[{{"bbox_2d": [1, 2, 3, {"9" * 5000}]}}, {obj()}]'),
    _mended("an object without a box", f'[{{"label": "dog"}}, {obj()}]'),
    _mended("null among the objects", f"[null, {obj()}, true]"),
    _mended("a point that is none", '[{"bbox_2d": [100, 90, 140, 130], "point_2d": "middle"}]'),
    _mended("a box without width beside another", f'[{{"bbox_2d": [100, 90, 100, 130]}}, {obj()}]'),
    _mended("boxes in round brackets", "(100,90),(140,130)"),
    _mended("prose round the list", f"The dog is here: {ANSWER} (brown)."),
    _mended("HTML round the list", f"<pre><code>{ANSWER}</code></pre>"),
    _mended("a script among the objects", f'[<script>alert("x")</script>{obj()}]'),
    _mended("bracket never closed", f"[{obj()}"),
    _mended("brackets of the wrong kind", f"[{obj()[:-1]}]]"),
    _mended("a box under ten brackets", "[" * 10 + obj() + "]" * 10),
    _mended("backslashes before quotes", ANSWER.replace('"', '\\"')),
    _mended("JSON within a text", '"' + ANSWER.replace('"', '\\"') + '"'),
    _broken("Qwen's own form", f"```json\n[\n\t{obj()[:-1]}, \"label\": \"dog\"}}\n]\n```", _REPAIRED),
    _broken("answer tags missing", trace(answer=None) + f"\n{ANSWER}", _REPAIRED),
    _broken("opening answer tag missing", trace(answer=None) + f"\n{ANSWER}</answer>", _REPAIRED),
    _broken("answer tag with a space", trace(answer=None) + f"\n< answer >{ANSWER}</ answer >", _REPAIRED),
    _broken("answer tag escaped", trace(answer=None) + f"\n&lt;answer&gt;{ANSWER}&lt;/answer&gt;", _REPAIRED),
    _broken("another tag for the answer", trace(answer=None) + f"\n<result>{ANSWER}</result>", _REPAIRED),
    _broken("mended empty list", trace("Looking for a cat. No cat.", "```[]```"), _REPAIRED, "answer.empty", boxes=()),
)  # fmt: skip

_NO_ANSWER = (
    _broken("nothing at all", "", _UNREADABLE, boxes=()),
    _broken("white space", " \n\t ", _UNREADABLE, boxes=()),
    _broken("prose", "The dog is on the right.", _UNREADABLE, boxes=()),
    _broken("prose with a box, about a reference", f"The dog is right of {bbox(HOUSE)}.", _UNREADABLE, "focus.missing", _MISSING, given=(HOUSE,), boxes=()),
    _broken("no answer", trace(answer=None), _UNREADABLE, boxes=()),
    _broken("an empty answer", trace(answer=""), _UNREADABLE, boxes=()),
    _broken("an answer in prose", trace(answer="The dog is beside the house."), _UNREADABLE, boxes=()),
    _broken("a refusal", trace(answer="I cannot see images."), _UNREADABLE, boxes=()),
    _broken("a point for an answer", trace(answer='[{"point_2d": [120, 110]}]'), _UNREADABLE, boxes=()),
    _broken("a box of three numbers", trace(answer='[{"bbox_2d": [100, 90, 140]}]'), _UNREADABLE, boxes=()),
    _broken("a box of NaN", trace(answer='[{"bbox_2d": [NaN, NaN, NaN, NaN]}]'), _UNREADABLE, boxes=()),
    _broken("a box of huge numbers", trace(answer='[{"bbox_2d": [1e300, 1e300, 1e301, 1e301]}]'), _UNREADABLE, boxes=()),
    _broken("a box under 40 brackets", trace(answer="[" * 40 + obj() + "]" * 40), _UNREADABLE, boxes=()),
    _broken("100,000 brackets", trace(answer="[" * 100_000), _UNREADABLE, boxes=()),
    _broken("100,000 braces", trace(answer="{" * 100_000), _UNREADABLE, boxes=()),
    _broken("50,000 quotes", trace(answer="'\"" * 25_000), _UNREADABLE, boxes=()),
    _broken("a script for an answer", trace(answer="<script>alert(1)</script>"), _UNREADABLE, boxes=()),
    _broken("half a surrogate for an answer", trace(answer="\ud83d"), _UNREADABLE, boxes=()),
    _broken("control characters for an answer", trace(answer="\x00\x01\x1b[2J"), _UNREADABLE, boxes=()),
    _broken("a box without width", trace(answer='[{"bbox_2d": [100, 90, 100, 130]}]'), _UNREADABLE, boxes=()),
    _broken("random bytes", "\ufffd\x10\ufffd}{][<\x00>&%$", _UNREADABLE, boxes=()),
)  # fmt: skip

_CUT_OFF = (
    _broken("cut off in the scene", f"<scene>{SCENE}", _UNREADABLE, _CUT, boxes=()),
    _broken("cut off in the thought", trace(THINK, None).removesuffix("</think>"), _UNREADABLE, _CUT, boxes=()),
    _broken("cut off in the closing tag", trace().removesuffix("swer>"), _CUT),
    _broken("cut off in an object", trace(answer=f"[{obj()}, {{\"bbox_2d\": [30").removesuffix("</answer>"), _CUT),
    _broken("cut off before any object", trace(answer='[{"bbox_2d": [30').removesuffix("</answer>"), _UNREADABLE, _CUT, boxes=()),
    _broken("cut off behind the thought", trace(answer=None), _UNREADABLE, boxes=()),
    _broken("cut off in the thought, about a reference", f"<scene>{SCENE}</scene><focus>{FOCUS}</focus><think>The target is right of bbox=[10, 40", _UNREADABLE, _CUT, _MISSING, given=(HOUSE,), boxes=()),
    _broken("20,000 opening tags", "<think>" * 20_000, _UNREADABLE, _CUT, "trace.repeats", boxes=()),
    _broken("tags opened in turn", "<scene><focus><think><answer>" * 5_000, _UNREADABLE, _CUT, "trace.repeats", boxes=()),
    _broken("no tag ever closed", f"<scene>{SCENE}<think>{THINK}<answer>{ANSWER}", _CUT),
    _broken("looping until the limit", f"<scene>{SCENE}</scene><think>{'It is the brown dog. ' * 200}It is", _UNREADABLE, _CUT, "trace.repeats", boxes=()),
)  # fmt: skip

_LOOPS = (
    _broken("a sentence three times", trace("It is the brown dog. " * 3), "trace.repeats"),
    _broken("a sentence in each part", trace("A brown dog sits here.", scene=f"{SCENE} A brown dog sits here.", focus="A brown dog sits here."), "trace.repeats", "focus.unasked"),
    _broken("a line three times", trace("Looking at the dog\n" * 3), "trace.repeats"),
    _broken("in other letter case", trace("It is brown. IT IS BROWN. It is Brown!"), "trace.repeats"),
    _broken("in Chinese", trace("目标是棕色的狗。" * 5, scene="公园里有一只狗。"), "trace.repeats"),
    _broken("in Arabic", trace("هل هذا هو الكلب البني؟ " * 4, scene="حديقة مشمسة فيها كلب."), "trace.repeats"),
    _broken("in Hindi", trace("यह भूरा कुत्ता है। " * 4, scene="पार्क में एक कुत्ता।"), "trace.repeats"),
    _broken("whole traces", "\n".join([trace()] * 3), "trace.repeats"),
    _broken("the same object twice", trace(answer=listed(DOG, DOG)), "trace.repeats"),
    _broken("the same box with other points", trace(answer=f"[{obj()}, {obj(DOG, (101, 91))}, {obj(DOG, (102, 92))}]"), "trace.repeats"),
    _broken("the same box with other labels", trace(answer="[" + ", ".join(f'{{"bbox_2d": [100, 90, 140, 130], "label": "dog {i}"}}' for i in range(5)) + "]"), "trace.repeats"),
    _broken("one box between others", trace(answer=listed(DOG, BALL, DOG, BEAR, DOG)), "trace.repeats", boxes=(DOG, BALL, BEAR)),
    _broken("one object 10,000 times", trace(answer=listed(*[DOG] * 10_000)), "trace.repeats"),
    _broken("the same box as bare numbers", trace(answer="[[100, 90, 140, 130], [100, 90, 140, 130]]"), _REPAIRED, "trace.repeats"),
    _broken("the same box with its corners swapped", trace(answer='[{"bbox_2d": [100, 90, 140, 130]}, {"bbox_2d": [140, 130, 100, 90]}]'), _REPAIRED, "trace.repeats"),
    _broken("the same box until the limit", trace(answer=listed(*[DOG] * 50)).rpartition("}")[0], _CUT, "trace.repeats"),
)  # fmt: skip

_PLACES = (
    _broken("beyond the right edge", trace(answer=listed((700, 0, 900, 100))), "answer.clamped", boxes=((700, 0, 840, 100),)),
    _broken("negative", trace(answer='[{"bbox_2d": [-5, -7, 20, 30], "point_2d": [10, 10]}]'), "answer.clamped", boxes=((0, 0, 20, 30),)),
    _broken("far away", trace(answer=listed((900_000, 900_000, 900_100, 900_100))), _UNREADABLE, boxes=()),
    _broken("point beyond the frame", trace(answer=f"[{obj((700, 0, 840, 100), (900, 50))}]"), "answer.clamped", boxes=((700, 0, 840, 100),)),
    _broken("point outside", trace(answer=f"[{obj(DOG, (10, 10))}]"), "point.outside"),
    _broken("one point of three outside", trace(answer=f"[{obj()}, {obj(BALL, (10, 10))}, {obj(BEAR)}]"), "point.outside", boxes=(DOG, BALL, BEAR)),
    _broken("clamped and outside", trace(answer='[{"bbox_2d": [700, 0, 900, 100], "point_2d": [5, 5]}]'), "answer.clamped", "point.outside", boxes=((700, 0, 840, 100),)),
    _broken("in shares of one", trace(answer='[{"bbox_2d": [0.12, 0.11, 0.17, 0.15]}]'), _REPAIRED, boxes=((101, 92, 143, 126),)),
)  # fmt: skip

_CLAIMS = (
    _broken(
        "the authors' teddy bear",
        trace(
            "The target is above the reference. The teddy bear at bbox=[308, 0, 541, 147] fits best.",
            listed((300, 160, 520, 330)),
            scene="A room with several teddy bears on a shelf and a person.",
            focus="A teddy bear, bbox=[416, 88, 628, 338].",
        ),
        _MISSING,
        _INVENTED,
        given=(PLAYER,),
        boxes=((300, 160, 520, 330),),
    ),
    _broken("invented beside the reference", about(f"{CITING} Not {bbox(BEAR)}."), _VALID, _INVENTED, given=(HOUSE,)),
    _broken("invented without a question's box", trace(f"The dog is right of {bbox(BEAR)}."), _INVENTED),
    _broken("invented in the focus", about(focus=f"A red house at {bbox(BALL)}."), _VALID, _INVENTED, given=(HOUSE,)),
    _broken("two inventions, each twice", trace(f"Not {bbox(BEAR)}, not {bbox(BALL)}; {bbox(BEAR)}, {bbox(BALL)}. Dog."), _INVENTED, _INVENTED),
    _broken("invented as bare numbers", trace("The brown dog is right of [5, 6, 7, 8]."), _INVENTED),
    _broken("invented with huge numbers", trace("The brown dog is right of [5, 6, 70000000000, 8]."), _INVENTED),
    _broken("invented in powers of ten", trace("The brown dog is right of bbox=[1e2, 2e1, 3E2, 4e+2]."), _INVENTED),
    _broken("invented in shares of one", trace("The brown dog is right of bbox=[.15, .21, .57, .98]."), _INVENTED),
    _broken("invented with wide commas", trace("棕色的狗在 bbox=[308，0，541，147] 的右边。"), _INVENTED),
    _broken("invented with negative numbers", trace("The brown dog is right of [-5, -6, 70, 80]."), _INVENTED),
    _broken("invented in capitals, unclosed tag", f"<scene>{SCENE}</scene><THINK>RIGHT OF BBOX=[308, 0, 541, 147]: DOG.<answer>{ANSWER}</answer>", _INVENTED),
    _broken("off by one", about("Right of bbox=[10, 40, 80, 121]: the brown dog."), _MISSING, _INVENTED, given=(HOUSE,)),
    _broken("corners swapped", about("Right of bbox=[80, 120, 10, 40]: the brown dog."), _MISSING, _INVENTED, given=(HOUSE,)),
    _broken("cited in the focus only", about("The brown dog is right of it.", focus=f"{bbox(HOUSE)}: a red house."), _MISSING, given=(HOUSE,)),
    _broken("cited in the scene only", about("The brown dog is right of it.", scene=f"{SCENE} {bbox(HOUSE)}."), _MISSING, given=(HOUSE,)),
    _broken("one of two cited", about(), _VALID, _MISSING, given=(HOUSE, BALL)),
    _broken("cited by name only", about("The brown dog is right of R1."), _MISSING, given=(HOUSE,)),
    _broken("box of an answer that does not count", trace(f"The dog: {bbox(BALL)}?", listed(BALL)) + f"<answer>{ANSWER}</answer>", _INVENTED),
    _broken("no focus", trace(CITING), _VALID, "focus.missing", given=(HOUSE,)),
    _broken("an empty focus", trace(CITING, focus="  "), _VALID, "focus.missing", given=(HOUSE,)),
    _broken("focus nobody asked for", trace(focus="A red house."), "focus.unasked"),
    _broken("focus that says there is none", trace(focus="No reference box is given."), "focus.unasked"),
    _broken("no thought", trace(None, focus=FOCUS), _MISSING, given=(HOUSE,)),
    _broken("answer only, about a reference", f"<answer>{ANSWER}</answer>", "focus.missing", _MISSING, given=(HOUSE,)),
    _broken("says that it is not there", trace("There are no visible people or electric bikes in the image.", scene="A road with a truck."), "contradiction"),
    _broken("says in Chinese that it is not there", trace("图中没有可见的人或电动车。", scene="一条路。"), "contradiction"),
    _broken("says in Japanese that it is not there", trace("画像に犬は見当たりません。", scene="公園。"), "contradiction"),
    _broken("says where it is, but answers with nothing", trace("The dog is on the left at (100, 200).", "[]"), "answer.empty", "contradiction", boxes=()),
    _broken("ends with another box", trace(f"So the target is {bbox(BALL)}."), _INVENTED, "contradiction"),
)  # fmt: skip

_UNRELATED = (
    _broken("thought about something else", trace("Quick purple spaceships devour the distant galaxies while unicorns sing and planets explode."), "consistency"),
    _broken(
        "thought about another picture",
        trace(
            "A train waits in the station while passengers carry suitcases along the platform. The conductor raises his "
            "flag, and the clock over the ticket counter says noon.",
        ),
        "consistency",
    ),
    _broken(
        "a kitchen in the park",
        trace("The chef stirs the soup with a wooden spoon while steam rises from pans and plates wait for guests."),
        "consistency",
    ),
)  # fmt: skip

_ALL_AT_ONCE = (
    _broken(
        "much at once",
        f"<scene>{SCENE}</scene><think>Not {bbox(BEAR)}. {'It is brown. ' * 3}</think>"
        "<answer>```json\n{'bbox': [130, 700, 100, 900,], 'point': [5, 5],}",
        "focus.missing",
        _MISSING,
        _INVENTED,
        _REPAIRED,
        "answer.clamped",
        "point.outside",
        _CUT,
        "trace.repeats",
        given=(HOUSE,),
        boxes=((100, 700, 130, 840),),
    ),
)

# Written after the checks had been mended by the texts above, and before they were run.
_LATER_BROKEN = (
    _broken("wide brackets", trace(answer='［{"bbox_2d": [100, 90, 140, 130]}］'), "answer.repaired"),
    _broken("yaml", trace(answer="- bbox_2d: [100, 90, 140, 130]\n  point_2d: [120, 110]"), "answer.repaired"),
    _broken("python call", trace(answer="print([{'bbox_2d': [100, 90, 140, 130]}])"), "answer.repaired"),
    _broken("xml boxes", trace(answer="<box>[100, 90, 140, 130]</box>"), "answer.repaired"),
    _broken("None point", trace(answer="[{'bbox_2d': [100, 90, 140, 130], 'point_2d': None}]"), "answer.repaired"),
    _broken("trailing text inside answer", trace(answer=f"{ANSWER} done"), "answer.repaired"),
    _broken("double-encoded object", trace(answer='{\\"bbox_2d\\": [100, 90, 140, 130]}'), "answer.repaired"),
    _broken("missing opening bracket", trace(answer='{"bbox_2d": [100, 90, 140, 130]}]'), "answer.repaired"),
    _broken("semicolons", trace(answer='[{"bbox_2d": [100; 90; 140; 130]}]'), "answer.repaired"),
    _broken("units", trace(answer='[{"bbox_2d": [100px, 90px, 140px, 130px]}]'), "answer.repaired"),
    _broken("empty string answer", trace(_NO_CAT, '""'), "answer.empty", boxes=()),
    _broken("answer says none", trace(_NO_CAT, "None"), "answer.empty", boxes=()),
    _broken("an answer that says so in a sentence", trace(_NO_CAT, "There is no such cat."), "answer.empty", boxes=()),
    _broken("an answer of null", trace(_NO_CAT, "null"), "answer.empty", boxes=()),
    _broken("a list of an empty object", trace(_NO_CAT, "[{}]"), "answer.empty", boxes=()),
    _broken("a box of zeros", trace(_NO_CAT, '[{"bbox_2d": [0, 0, 0, 0], "point_2d": [0, 0]}]'), "answer.empty", boxes=()),
    _broken("cut off in focus", f"<scene>{SCENE}</scene><focus>A red", "answer.unreadable", "trace.truncated", "citation.missing", given=(HOUSE,), boxes=()),
    _broken("upper-case cut off", f"<SCENE>{SCENE}</SCENE><THINK>The dog", "answer.unreadable", "trace.truncated", boxes=()),
    _broken("repeats with commas changed", trace("The dog is brown! The dog is brown? The dog is brown."), "trace.repeats"),
    _broken("repeats in Japanese", trace("犬は右側にいます。" * 3, scene="公園。"), "trace.repeats"),
    _broken("invented in both parts", about(f"{bbox(HOUSE)} and {bbox(BEAR)}: dog.", focus=f"{bbox(BEAR)} house."), "citation.valid", "citation.invented", given=(HOUSE,)),
    _broken("invented with tabs", trace("Dog right of [5,\t6,\t7,\t8]."), "citation.invented"),
    _broken("invented with box_2d key", trace('Dog right of {"bbox_2d": [5, 6, 7, 8]}.'), "citation.invented"),
    _broken("invented with plus signs", trace("Dog right of [+5, +6, +7, +8]."), "citation.invented"),
    _broken("invented close to the answer", trace("The dog at [101, 90, 140, 130]."), "citation.invented"),
    _broken("floats that round elsewhere", about("Right of bbox=[10.6, 40, 80, 120]: dog."), "citation.missing", "citation.invented", given=(HOUSE,)),
    _broken("unclosed brackets of a citation", about("Right of bbox=[10, 40, 80, 120: dog."), "citation.missing", given=(HOUSE,)),
    _broken("office in the park", trace("Spreadsheets fill every monitor, keyboards click, managers sip espresso, printers jam and interns staple invoices under fluorescent lamps."), "consistency"),
    _broken("sea in the park", trace("Waves break over the bow as sailors reef canvas, gulls circle masts and the captain steers towards harbour lights."), "consistency"),
    _broken("10,000 inventions of one box", trace("Dog. " + "[5, 6, 7, 8], " * 10_000), "citation.invented"),
    _broken("point clamped only", trace(answer=f"[{obj((0, 0, 100, 840), (50, 900))}]"), "answer.clamped", boxes=((0, 0, 100, 840),)),
)  # fmt: skip

BROKEN = (
    *_FORMS, *_NO_ANSWER, *_CUT_OFF, *_LOOPS, *_PLACES, *_CLAIMS, *_UNRELATED, *_ALL_AT_ONCE,
    *_LATER_BROKEN
)  # fmt: skip
