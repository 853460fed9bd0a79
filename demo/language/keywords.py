"""What words two parts of a trace share: keywords, and RegionReasoner's global–local consistency.

The word lists are English, and a little Chinese and Japanese; `comparable` says whether they fit two
texts. Languages that set no spaces between words are compared by pairs of neighbouring characters. A
segmenter would cut them into words, but its dictionary would be larger than this demo; and as shares are
only counted, pairs do: texts about the same thing share most pairs of its name, others next to none.

This file does not know traces or tags; it is handed texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_JOINED = (  # scripts written without spaces: Thai, Lao, Burmese, Khmer; Japanese and Chinese
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"(?P<run>[{_JOINED}]+)|(?P<word>(?:(?![{_JOINED}])[^\W\d_])+)")
# Grammar between the words: hiragana, and characters of Chinese that carry little meaning.
_GRAMMAR = re.compile(r"[\u3040-\u309f的了是在和与及有个一这那就也都还把被从到其、。，]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP_WORDS = _words(
    """
    a about above across after again all along also among an and another any are around as at back
    be because been before behind being below beside between both but by can close could did do
    does down each either else even ever every few first for from front had has have he her here
    him his how if in inside into is it its itself just last least less like many may more most
    much must near next nor not now of off on one only onto or other our out outside over own per
    same she should since so some still such than that the their them then there these they this
    those through to too two under until up upon us very was we well were what when where which
    while who whose why will with within without would yet you your
    """
)
# One of these stands in almost every English sentence, and in hardly any of another language.
_ENGLISH = _words("the and with this that from which while there their")
_FIRST_KEYWORDS = 10
_MIN_LETTERS = 3


def keywords(text: str) -> tuple[str, ...]:
    """The distinct keywords of a text in order, in small letters.

    Words of more than two letters that are no stop words; where no spaces are set, the pairs of
    neighbouring characters between words of grammar, or a character that stands alone there.
    """
    return tuple(dict.fromkeys(_each_keyword(text.lower())))


def _each_keyword(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        word = token["word"]
        if word is None:
            yield from _pairs(token["run"])
        elif len(word) >= _MIN_LETTERS and word not in _STOP_WORDS:
            yield word


def _pairs(run: str) -> Iterator[str]:
    for piece in filter(None, _GRAMMAR.split(run)):
        yield from (piece[i : i + 2] for i in range(max(len(piece) - 1, 1)))


# Words of logic: whole words of English, anywhere in a text without spaces.
LOGIC = {
    "space": _words("""
        left right above below top bottom inside outside next near beside behind between under over
        front overlapping touching adjacent closest nearest
        左 右 上方 下方 上面 下面 里面 外面 旁 附近 前面 后面 之间 上側 下側 隣 近く 間
        """),
    "comparison": _words("""
        than more less most least larger largest smaller smallest bigger taller shorter closer
        compare compared comparing comparison unlike whereas different similar only
        比 更 最 只有 不同 相似 より だけ
        """),
    "location": _words("""
        located location position positioned placed stands standing sits sitting lies lying side
        corner center centre middle edge background foreground
        位于 位置 站 坐 躺 角落 中央 中间 背景 立って 座って
        """),
    "reference": _words(
        "reference referenced bbox box region target given 参考 参照 目标 対象 框 区域"
    ),
}
_LOGIC_WEIGHTS = {"space": 0.5, "comparison": 0.3, "location": 0.2, "reference": 0.2}
_FOCUS_WEIGHT, _LOGIC_WEIGHT = 0.6, 0.4


@dataclass(frozen=True, slots=True)
class Consistency:
    """How many keywords of scene and focus come up in the thought, (found, of so many) each, and which
    kinds of words of logic the thought uses.
    """

    scene: tuple[int, int]
    focus: tuple[int, int]
    logic: tuple[str, ...]

    @property
    def score(self) -> float:
        """RegionReasoner's reward, 0 to 2.08: ``1.0 · share(scene) + 0.6 · share(focus) + 0.4 · logic``."""
        logic = sum(_LOGIC_WEIGHTS[kind] for kind in self.logic)
        return _share(self.scene) + _FOCUS_WEIGHT * _share(self.focus) + _LOGIC_WEIGHT * logic

    @property
    def reachable(self) -> float:
        """The most that could be reached with these texts: a focus that is not there earns nothing."""
        focus = _FOCUS_WEIGHT if self.focus[1] else 0.0
        return 1.0 + focus + _LOGIC_WEIGHT * sum(_LOGIC_WEIGHTS.values())


def _share(counted: tuple[int, int]) -> float:
    return counted[0] / counted[1] if counted[1] else 0.0


def consistency(scene: str, focus: str, think: str) -> Consistency:
    """What goes into the global–local consistency of a trace.

    A share is the part of the first ten `keywords` of that text that stands in ``think`` as well, 0 for
    a text without keywords. ``logic`` adds 0.5, 0.3, 0.2 and 0.2 when ``think`` uses words of space,
    comparison, location and reference (RegionReasoner, arXiv 2602.03733).
    """
    small = think.lower()
    words = {token["word"] for token in _TOKEN.finditer(small)}
    runs = " ".join(token["run"] for token in _TOKEN.finditer(small) if token["run"])

    def stands(word: str) -> bool:
        return word in words or (is_joined(word) and word in runs)

    def counted(text: str) -> tuple[int, int]:
        wanted = keywords(text)[:_FIRST_KEYWORDS]
        return sum(map(stands, wanted)), len(wanted)

    logic = tuple(kind for kind, named in LOGIC.items() if any(map(stands, named)))
    return Consistency(counted(scene), counted(focus), logic)


def consistency_score(scene: str, focus: str, think: str) -> float:
    """The reward itself, 0 to 2.08; see `consistency`."""
    return consistency(scene, focus, think).score


# Languages.


def is_joined(text: str) -> bool:
    """Whether most letters are of a script that sets no spaces between words."""
    runs = sum(len(token["run"] or "") for token in _TOKEN.finditer(text))
    words = sum(len(token["word"] or "") for token in _TOKEN.finditer(text))
    return runs > words


def is_english(text: str) -> bool:
    """Whether it holds a word that only English uses."""
    return any(token["word"] in _ENGLISH for token in _TOKEN.finditer(text.lower()))


def comparable(scene: str, think: str) -> bool:
    """Whether sharing words means anything: both are English, or both are written without spaces.

    Elsewhere the lists do not know the stop words, and the same word has many endings. A few words are
    taken for English beside an English text.
    """
    joined = is_joined(scene), is_joined(think)
    if any(joined):
        return all(joined)
    english, few = (is_english(scene), is_english(think)), (is_few(scene), is_few(think))
    return any(english) and all(map(any, zip(english, few, strict=True)))


def is_few(text: str) -> bool:
    """Whether there are too few words to tell their language."""
    return sum(1 for _ in _TOKEN.finditer(text)) < _SHORT


_SHORT = 8  # words; fewer may well do without any of those that only English uses


# What is said about any picture whatever, and shows nothing about this one.
_OF_ANY_PICTURE = _words(
    """
    answer asked asks best bboxes boxes candidate candidates choose clearly described description
    find fits focus found here image look looking looks match matches need number object objects
    photo picture point points question reasoning request scan scanning scene search searching see
    seen shown shows something someone sought step thing things think visible wearing wears
    """
)
_STEM = 4  # letters in which words of one family agree: spectator, spectators; stand, standing


def own_words(think: str) -> tuple[str, ...]:
    """The keywords of a thought that are about this picture: none of logic, none that suit any picture."""
    left_out = _OF_ANY_PICTURE.union(*LOGIC.values())
    return tuple(word for word in keywords(think) if word not in left_out)


def shared_words(own: Sequence[str], text: str) -> int:
    """How many of the words stand in a text too, whatever their endings."""
    stems = {word[:_STEM] for word in keywords(text)}
    return sum(word[:_STEM] in stems for word in own)
