"""How languages other than English say that a thing is absent, or was found: phrases, and words that make
them mean less.

Japanese, Chinese, Korean, German, French, Spanish. A ``@`` stands for a box or a point that is mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from demo.language.keywords import is_english, is_unspaced, keywords

PLACE = "@"


class Stand(Enum):
    """What a sentence says of the thing sought; NEUTRAL chooses nothing, OTHER may."""

    ABSENT = "absent"
    FOUND = "found"
    NEUTRAL = "neutral"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: stems of the words of its name (``head``), and of its whole description.

    Both are empty where nobody said it in English. ``text`` is the description as written. It ``excludes``
    if it says what the thing is *not*: then hardly anything that is absent contradicts it. It
    ``is_several`` if it names more than one, of which one may be absent.
    """

    head: frozenset[str] = frozenset()
    all: frozenset[str] = frozenset()
    text: str = ""
    excludes: bool = False
    is_several: bool = False


def last_stand(stands: Iterable[Stand]) -> Stand:
    """That of the last clause that takes one."""
    taken = [stand for stand in stands if stand is not Stand.NEUTRAL]
    return taken[-1] if taken else Stand.NEUTRAL


@dataclass(frozen=True, slots=True)
class Phrases:
    """How a language says in a clause that a thing is absent from the whole picture, or found.

    ``unless`` are words that make either mean less; with one of ``partly`` a thing is absent from a part of
    the picture only. A clause with one of ``negative`` chooses nothing, nor does one that only says what is
    looked for (``asks``). ``anything`` stands for whatever is sought.
    """

    language: re.Pattern[str]
    absent: re.Pattern[str]
    found: re.Pattern[str]
    unless: re.Pattern[str]
    partly: re.Pattern[str]
    negative: re.Pattern[str]
    asks: re.Pattern[str]
    anything: re.Pattern[str]

    def stand_of(self, sentence: str, sought: Sought) -> Stand:
        is_part = bool(self.partly.search(sentence))
        return last_stand(
            self._stand_of_clause(clause.strip(" \n\t。.!！"), sought, is_part)
            for clause in re.split("[，；,;:：]", sentence)
        )

    def _stand_of_clause(self, clause: str, sought: Sought, is_part: bool) -> Stand:
        is_plain, is_negative = not self.unless.search(clause), bool(self.negative.search(clause))
        is_whole = is_plain and not is_part
        if is_whole and self.absent.search(clause) and self._denies(clause, sought):
            return Stand.ABSENT
        if (
            is_plain
            and not is_negative
            and self.found.search(clause)
            and self._names(clause, sought)
        ):
            return Stand.FOUND
        chooses = any(map(str.isalpha, clause)) and not is_negative and not self.asks.search(clause)
        return Stand.OTHER if chooses else Stand.NEUTRAL

    def _denies(self, clause: str, sought: Sought) -> bool:
        """Whether it may be about what is sought, as far as that was said in this language."""
        if self.anything.search(clause):
            return True
        names = _words_of(sought, clause)
        return not (sought.excludes or sought.is_several) and (
            not names or any(name[:5] in clause for name in names)
        )

    def _names(self, clause: str, sought: Sought) -> bool:
        """Whether it is certainly about what is sought, with all that tells it apart."""
        if self.anything.search(clause) or not (sought.text or sought.excludes):
            return True
        names = _words_of(sought, clause)
        return bool(names) and all(name[:5] in clause for name in names)


def _words_of(sought: Sought, clause: str) -> tuple[str, ...]:
    """The words of what is sought, if they may be of the same language as the clause."""
    is_other = is_unspaced(sought.text) != is_unspaced(clause) or is_english(sought.text)
    return () if is_other else keywords(sought.text)


PHRASES = (
    Phrases(  # Japanese
        language=re.compile(r"[\u3040-\u30ff]"),
        absent=re.compile(
            r"(?:見当たりません|見当たらない|存在しません|存在しない|[写映]っていません|[写映]っていない|見つかりません(?:でした)?"
            r"|見つからない|見つかりませんでした|確認できません|確認できない|見られません|見えません|(?<!て)いません|(?<!て)いない"
            r"|(?<!では)(?<!じゃ)ありません|ひとつもない|一つもない)(?:ようです|でした)?$"
        ),
        found=re.compile(
            r"(?:対象|目標|ターゲット|答え)(?:物|者)?は.+(?:です|だ|である|ます)$"
            r"|(?:対象|目標|ターゲット|答え)(?:物|者)?(?:です|だ|である|となります)$"
            r"|@.*(?:あります|います|です)$"
        ),
        unless=re.compile(
            r"他|ほか|別|以外|だけ|しか|のみ|ただし|しかし|もし|場合|[かが]？|か$|参照"
            r"|完全|はっきり|必要|問題|疑|ないわけ"
        ),
        partly=re.compile(
            r"(?<![像真図面中内ン])に|[右左]|上側|下側|上に|下に|隣|近く|かぶ|被|着て|持って|一部|背景|前景|手前|奥|顔"
        ),
        negative=re.compile(r"ない|ません|空|なし|\[\s*\]"),
        asks=re.compile(r"探し|探す|求め|質問|確認します|見てみ|画像には|写真には"),
        anything=re.compile(r"対象|目標|答え|該当|もの|物体|ターゲット"),
    ),
    Phrases(  # Chinese
        language=re.compile(r"[\u3400-\u9fff]"),
        absent=re.compile(
            r"(?:图|圖|画面|畫面|照片|场景|場景|影像)[片像中里裡内內上]*(?:并|並|也|都|完全|根本|似乎|实际上)?"
            r"(?:没有|沒有|不存在|没|无法找到|找不到|看不[到见]"
            r"|未[发發]现|未见|未检测到|未找到|并无|無|无)"
            r"|(?:没有|沒有|未能?|无法|無法|不能|没能)(?:在(?:图|画面|照片)[片像中里上]*)?"
            r"(?:发现|發現|找到|看到|看见|见到|检测到|识别到|定位到)"
            r"|(?:没有|沒有|无)(?:任何)?(?:符合|匹配|满足|滿足|对应|這樣|这样)"
            r"|(?:不存在|看不见|看不到|不可见|不可見|没有出现|未出现|不在(?:这张|該|该)?(?:图|圖|画面|照片)[片像中里裡内內]*)$"
            r"|不存在(?:于|任何|符合)"
        ),
        found=re.compile(
            r"(?:目标|目標|答案|结果)[^是在]{0,6}(?:就?是|在|位于|位於).+|(?:就是|即为|是)(?:目标|目標|答案)"
            r"|@.*(?:是|在|位于)|(?:是|在|位于|位於).*@"
        ),
        unless=re.compile(
            r"但|不过|然而|可是|除|只有|仅|其他|其它|其余|别的|另|最|如果|若|是否|吗|？|更|歧义|疑|必要|需要|参考|參考"
        ),
        partly=re.compile(
            r"就是|[左右旁]|上方|上面|下方|下面|前面|前方|后面|后方|之间|遮挡|第[一二三]|背景|前景|远处|镜|戴|穿|拿|清楚|清晰|明显"
        ),
        negative=re.compile(r"没|沒|不|无|無|未|空|\[\s*\]"),
        asks=re.compile(r"寻找|尋找|查找|要找|问题|問題|任务|用户|根据|让我|首先|[图圖画]\w?中有|显示|展示"),
        anything=re.compile(r"目标|目標|答案|对象|對象|物体|物體|符合|匹配|任何"),
    ),
    Phrases(  # Korean
        language=re.compile(r"[\uac00-\ud7af]"),
        absent=re.compile(
            r"(?:없습니다|없다|없음|없어요|보이지 않(?:습니다|는다|음|아요)"
            r"|존재하지 않(?:습니다|는다|음)|찾을 수 (?:없습니다|없다))$"
        ),
        found=re.compile(
            r"(?:대상|목표|정답)(?:은|는)\s.+(?:입니다|이다|있습니다|있다)$"
            r"|(?:대상|목표|정답)(?:입니다|이다)$|@.*있습니다$"
        ),
        unless=re.compile(
            r"다른|외에|제외|하지만|그러나|다만|만약|참조|완전히|명확|필요|문제|의심|수 밖에|수밖에"
        ),
        partly=re.compile(
            r"(?<!이미지)(?<!사진)(?<!그림)(?<!화면)(?<!장면)(?<!안)에(?!서)|(?<!에)[은는] .*[이가] 없"
            r"|왼쪽|오른쪽|위에|아래|옆|앞|뒤|얼굴|일부|배경"
        ),
        negative=re.compile(r"없|않|아니|빈 |\[\s*\]"),
        asks=re.compile(r"찾습니다|찾아|질문|요청|살펴|(?:이미지|사진)에는"),
        anything=re.compile(r"대상|목표|정답|해당|물체|객체"),
    ),
    Phrases(  # German
        language=re.compile(r"\b(?:keine?[nrms]?|nicht|ist|sind|wird|der|das)\b"),
        absent=re.compile(
            r"\bkeine?[nrms]?\b.*\b(?:(?:im|auf dem|in diesem|auf diesem) (?:bild|foto)"
            r"|zu sehen|sichtbar|vorhanden|zu erkennen)\b"
            r"|\b(?:im|auf dem|in diesem|auf diesem) (?:bild|foto)\b.*\bkeine?[nrms]?\b"
            r"|\bnicht (?:(?:im|auf dem) (?:bild|foto)|zu sehen|sichtbar|vorhanden|zu finden|zu erkennen)\b"
        ),
        found=re.compile(
            r"\b(?:ziel|gesuchte\w*|antwort)\b.*\b(?:ist|sind|befinde\w+|liegt|steht)\b"
            r"|\b(?:ist|liegt|steht)\b.*@"
        ),
        unless=re.compile(
            r"\b(?:andere\w*|weitere\w*|sonst|außer|aber|jedoch|nur|wenn|falls|ob"
            r"|vollständig|ganz|deutlich|klar|referenz|zweifel|mehr|vielleicht)\b"
        ),
        partly=re.compile(
            r"\b(?:links|rechts|linke\w*|rechte\w*|neben|hinter|vor|über|unter"
            r"|trägt|hat|haben|gesicht|hintergrund|vordergrund)\b"
        ),
        negative=re.compile(r"\b(?:kein\w*|nicht|nichts|leer\w*)\b|\[\s*\]"),
        asks=re.compile(r"\bsuch\w*|\bgesucht\b|\bfrage\b|\bbild zeigt\b"),
        anything=re.compile(r"\bobjekt\w*|\bantwort\b|\bziel\b|\bgesucht\w*"),
    ),
    Phrases(  # French
        language=re.compile(r"\b(?:aucune?|n['’](?:est|y)|il y a|est|sont|dans|une|les)\b|\bl['’]image"),
        absent=re.compile(
            r"\b(?:il )?n['’]y a (?:pas d|aucun).*(?:\bimage\b|\bphoto\b|\bscène\b|\bvisibles?\b)"
            r"|\baucune? .*(?:visible|présent|\bimage\b|\bphoto\b)|\bne contient (?:pas d|aucun)"
            r"|\b(?:n['’]est|ne sont) pas (?:visibles?|présente?s?|(?:dans|sur) l['’]image|sur la photo)\b"
        ),
        found=re.compile(r"\b(?:cible|réponse)\b.*\b(?:est|se trouve)\b|\b(?:est|se trouve)\b.*@"),
        unless=re.compile(
            r"\b(?:autres?|sauf|hormis|mais|cependant|pourtant|si|entièrement|clairement|nettement"
            r"|totalement|référence|doute|seule?|seulement|que|plus|peut-être)\b"
        ),
        partly=re.compile(
            r"\b(?:gauche|droite|derrière|devant|sous|sur le|près|visage|arrière-plan|premier plan)\b"
        ),
        negative=re.compile(r"\b(?:pas|aucune?|rien|vide|non)\b|\[\s*\]"),
        asks=re.compile(r"\bcherch\w*|\bquestion\b|\btrouver\b|\bimage montre\b"),
        anything=re.compile(r"\bobjets?\b|\bréponse\b|\bcible\b|\bcorrespond"),
    ),
    Phrases(  # Spanish
        language=re.compile(r"\b(?:hay|ning[uú]n[ao]?|está|están|imagen|los|una|aparecen?)\b"),
        absent=re.compile(
            r"\bno (?:hay|se ven?|aparecen?|se encuentran?|existen?|contiene|muestra) .*"
            r"\b(?:imagen|foto|escena|visibles?)\b"
            r"|\b(?:imagen|foto) no (?:contiene|muestra|hay)\b"
            r"|\bning[uú]n[ao]? .*\b(?:imagen|foto|visible)\b"
            r"|\bno está[n]? (?:visibles?|presentes?|en la (?:imagen|foto))\b"
        ),
        found=re.compile(r"\b(?:objetivo|respuesta)\b.*\b(?:es|está)\b|\b(?:es|está)\b.*@"),
        unless=re.compile(
            r"\b(?:otr[oa]s?|excepto|salvo|pero|sin embargo|si|completamente|claramente"
            r"|totalmente|referencia|duda|sol[oa]|solamente|que|más|quizás)\b"
        ),
        partly=re.compile(
            r"\b(?:izquierda|derecha|detrás|delante|debajo|encima|cerca|cara|fondo|primer plano)\b"
        ),
        negative=re.compile(r"\b(?:no|ning[uú]n\w*|nada|vací[oa])\b|\[\s*\]"),
        asks=re.compile(r"\bbusc\w*|\bpregunta\b|\bencontrar\b|\bimagen muestra\b"),
        anything=re.compile(r"\bobjetos?\b|\brespuesta\b|\bobjetivo\b|\bcoincid"),
    ),
)  # fmt: skip
