"""How each family of models is asked a question with options: in which dialect, and in which form.

Forms are those in which the families' makers evaluate them on V*; what they do not write themselves stands
as it was published. A form is data; it knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from demo.dialects.dialect import Dialect
from demo.dialects.known_looks import LOOKING_BY_QUICK, with_letters
from demo.dialects.ways import LOOKING, TOLD, has_ways, in_way, ways_of, without_looks
from demo.evaluate.vstar.questions import Question

LAST_LINE = "Answer with the option's letter from the given choices directly."


@dataclass(frozen=True, slots=True)
class Form:
    """How a question and its options become what is asked.

    ``whole`` has ``{stem}`` for the published text without its last line, or ``{question}`` and
    ``{options}``, of which each is a line in the form ``option``. ``after`` is white space before what the
    dialect adds. ``words`` says it for people.
    """

    words: str
    whole: str
    option: str = "({letter}) {option}"
    after: str = ""

    def filled(self, question: Question) -> str:
        """What is asked, as it would be typed."""
        lines = (
            self.option.format(letter=letter, option=option)
            for letter, option in zip(question.letters, question.options, strict=True)
        )
        values = {"stem": question.stem, "question": question.text, "options": "\n".join(lines)}
        return _filled(self.whole, values)


def _filled(text: str, values: dict[str, str]) -> str:
    """The text with its one or two places filled, once each, whatever stands in the values."""
    before, place, after = text.partition("{")
    if not place:
        return text
    name, _, rest = after.partition("}")
    return before + values[name] + _filled(rest, values)


PUBLISHED = Form("the text as it was published", f"{{stem}}\n{LAST_LINE}")
WITHOUT_LAST_LINE = Form("the published text without its last line", "{stem}")
LETTERED = Form(
    "question and options as DeepEyes' makers write them",
    "Question: {question}\nOptions: \n{options}",
    "{letter}. {option}",
    after="\n\n",
)
ALONE = Form("the question without its options, because the model only points", "{question}")
# By the dialect in which a family looks; the others are asked in the published form. The general models
# look as P2R does.
_FORMS = {
    LOOKING_BY_QUICK[name].name: form
    for name, form in (
        ("vlm-r3", WITHOUT_LAST_LINE),
        ("deepeyes", LETTERED),
        ("p2r", WITHOUT_LAST_LINE),
        ("qwen3-vl", WITHOUT_LAST_LINE),
        ("qwen2.5-vl", WITHOUT_LAST_LINE),
    )
}
# Words of the ways of asking for an answer in words, for one letter instead of sentences.
_FOR_LETTERS = {
    "Answer in one to three sentences.": LAST_LINE,
    "After the sentences,": "After the letter,",
    "the things that they are about": "the things that the question is about",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The dialect and the form in which a model is asked. ``is_pointing``: it answers with boxes only."""

    dialect: Dialect
    form: Form
    is_pointing: bool = False

    @property
    def may_look(self) -> bool:
        """Whether the model looks at parts again."""
        return self.dialect.looking is not None

    @property
    def sentence(self) -> str:
        """How it was asked, for people."""
        if self.is_pointing:
            return (
                "The model only points: it was asked the question alone, in its own words, the boxes "
                "are those of its answer, and an option counts as chosen where its text names that one "
                "only."
                f"{' It looks closer by itself.' if self.may_look else ''}"
            )
        how = (
            "It could look at parts of the picture again, enlarged"
            if self.may_look
            else "It saw the whole picture once, and was asked for a letter and for boxes"
        )
        return f"{how}. It was asked {self.form.words} (dialect {self.dialect.name})."


def asked_in(dialect: Dialect, max_looks: int | None = None) -> Asked:
    """How a model of that dialect is asked for a letter: by looking where it can and may, else in words."""
    if not has_ways(dialect):
        own = replace(dialect, looking=None) if max_looks == 0 else dialect
        return Asked(own, ALONE, is_pointing=True)
    if LOOKING in ways_of(dialect) and max_looks != 0:
        looks = in_way(dialect, LOOKING)
        assert looks.looking is not None
        form = _FORMS.get(looks.name, PUBLISHED)
        request = looks.request.replace("{question}", f"{{question}}{form.after}")
        return Asked(replace(looks, request=request, looking=with_letters(looks.looking)), form)
    told = without_looks(in_way(dialect, TOLD))
    request = told.request
    for words, instead in _FOR_LETTERS.items():
        request = request.replace(words, instead)
    return Asked(replace(told, request=request, is_as_typed=True), WITHOUT_LAST_LINE)
