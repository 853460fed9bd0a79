"""The words that two parts of a trace share: keywords, and RegionReasoner's global–local consistency.

The word lists are English, and a little Chinese and Japanese; `may_be_compared` says whether they fit two
texts. Languages that set no spaces between words are compared by pairs of neighbouring characters. A
word segmenter would need a dictionary larger than this demo; and because shares are only counted, pairs are
enough: texts about the same thing share most pairs of its name, others almost none.

This file knows no traces or tags, only texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demo.language.lexicon import words

_UNSPACED = (  # scripts written without spaces: Thai, Lao, Burmese, Khmer; Japanese and Chinese
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"(?P<run>[{_UNSPACED}]+)|(?P<word>(?:(?![{_UNSPACED}])[^\W\d_])+)")
# Grammar between the words: hiragana, and characters of Chinese that carry little meaning.
_GRAMMAR = re.compile(r"[\u3040-\u309f的了是在和与及有个一这那就也都还把被从到其、。，]+")


_STOP_WORDS = words(
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
# Almost every English sentence has one of these, and hardly any sentence of another language.
_ENGLISH = words("the and with this that from which while there their")
_FIRST_KEYWORDS = 10
_MIN_LETTERS = 3


def keywords(text: str) -> tuple[str, ...]:
    """The distinct keywords of a text in order, in lower case.

    These are words of more than two letters that are no stop words; in scripts without spaces, the pairs
    of neighbouring characters between words of grammar, or a single character that stands alone there.
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
    "space": words("""
        left right above below top bottom inside outside next near beside behind between under over
        front overlapping touching adjacent closest nearest
        左 右 上方 下方 上面 下面 里面 外面 旁 附近 前面 后面 之间 上側 下側 隣 近く 間
        """),
    "comparison": words("""
        than more less most least larger largest smaller smallest bigger taller shorter closer
        compare compared comparing comparison unlike whereas different similar only
        比 更 最 只有 不同 相似 より だけ
        """),
    "location": words("""
        located location position positioned placed stands standing sits sitting lies lying side
        corner center centre middle edge background foreground
        位于 位置 站 坐 躺 角落 中央 中间 背景 立って 座って
        """),
    "reference": words(
        "reference referenced bbox box region target given 参考 参照 目标 対象 框 区域"
    ),
}
_LOGIC_WEIGHTS = {"space": 0.5, "comparison": 0.3, "location": 0.2, "reference": 0.2}
_FOCUS_WEIGHT, _LOGIC_WEIGHT = 0.6, 0.4


@dataclass(frozen=True, slots=True)
class Consistency:
    """How many keywords of scene and focus the thought repeats, (found, total) each, and which kinds of
    words of logic it uses.
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
        """The highest score that these texts could reach: a missing focus earns nothing."""
        focus = _FOCUS_WEIGHT if self.focus[1] else 0.0
        return 1.0 + focus + _LOGIC_WEIGHT * sum(_LOGIC_WEIGHTS.values())


def _share(count: tuple[int, int]) -> float:
    return count[0] / count[1] if count[1] else 0.0


def consistency(scene: str, focus: str, think: str) -> Consistency:
    """The counts behind the global–local consistency of a trace.

    A share is the fraction of the first ten `keywords` of a text that ``think`` contains too, 0 for a text
    without keywords. ``logic`` adds 0.5, 0.3, 0.2 and 0.2 when ``think`` uses words of space, comparison,
    location and reference (RegionReasoner, arXiv 2602.03733).
    """
    small = think.lower()
    plain = {token["word"] for token in _TOKEN.finditer(small)}
    runs = " ".join(token["run"] for token in _TOKEN.finditer(small) if token["run"])

    def stands(word: str) -> bool:
        return word in plain or (is_unspaced(word) and word in runs)

    def count(text: str) -> tuple[int, int]:
        wanted = keywords(text)[:_FIRST_KEYWORDS]
        return sum(map(stands, wanted)), len(wanted)

    logic = tuple(kind for kind, named in LOGIC.items() if any(map(stands, named)))
    return Consistency(count(scene), count(focus), logic)


def is_unspaced(text: str) -> bool:
    """Whether most letters belong to a script that sets no spaces between words."""
    runs = sum(len(token["run"] or "") for token in _TOKEN.finditer(text))
    spaced = sum(len(token["word"] or "") for token in _TOKEN.finditer(text))
    return runs > spaced


def is_english(text: str) -> bool:
    """Whether the text holds a word that only English uses."""
    return any(token["word"] in _ENGLISH for token in _TOKEN.finditer(text.lower()))


def may_be_compared(scene: str, think: str) -> bool:
    """Whether shared words mean anything: both texts are English, or both are written without spaces.

    For other languages there are no stop words here, and the same word has many endings. A text of a few
    words counts as English beside an English text.
    """
    joined = is_unspaced(scene), is_unspaced(think)
    if any(joined):
        return all(joined)
    english, few = (is_english(scene), is_english(think)), (is_few(scene), is_few(think))
    return any(english) and all(map(any, zip(english, few, strict=True)))


def is_few(text: str) -> bool:
    """Whether the text has too few words to tell its language."""
    return sum(1 for _ in _TOKEN.finditer(text)) < _SHORT


_SHORT = 8  # words; a shorter English text may have none of those that only English uses


# Words that fit any picture, and so say nothing about this one.
_OF_ANY_PICTURE = words(
    """
    answer asked asks best bboxes boxes candidate candidates choose clearly described description
    find fits focus found here image look looking looks match matches need number object objects
    photo picture point points question reasoning request scan scanning scene search searching see
    seen shown shows something someone sought step thing things think visible wearing wears
    """
)
_STEM = 4  # letters that related words have in common: spectator, spectators; stand, standing


def picture_words(think: str) -> tuple[str, ...]:
    """The keywords of a thought that are about this picture: none of logic, none that fit any picture."""
    left_out = _OF_ANY_PICTURE.union(*LOGIC.values())
    return tuple(word for word in keywords(think) if word not in left_out)


def shared_words(own: Sequence[str], text: str) -> int:
    """How many of the words a text contains too, whatever their endings."""
    stems = {word[:_STEM] for word in keywords(text)}
    return sum(word[:_STEM] in stems for word in own)
