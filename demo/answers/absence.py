"""Words that say that something is not in a picture, by language: a table for `nothing.py`.

Every pattern is for one sentence in lower case, without the marks around it. They are written for how
models answer, not for all that a language can say; what they do not know stays an answer without a box.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """How a language says that something is not there.

    ``alone`` are whole answers; ``absent`` matches a sentence that says so, ``excepted`` what leaves it
    open (“but”), ``other`` what says that something else is missing (the picture itself, help), and
    ``neutral`` a sentence that says nothing of its own beside one that does.
    """

    alone: frozenset[str]
    absent: re.Pattern[str]
    excepted: re.Pattern[str]
    other: re.Pattern[str]
    neutral: re.Pattern[str]


_NEVER = r"(?!)"


def _language(
    alone: str, absent: list[str], excepted: str, other: str = _NEVER, neutral: str = _NEVER
) -> Language:
    compiled = (re.compile(p) for p in ("|".join(absent), excepted, other, neutral))
    return Language(frozenset(alone.split("|")), *compiled)


_PICTURE = r"(?:images?|pictures?|photos?|photographs?|screenshots?)"
_FIND = r"(?:see|find|locate|detect|spot|discern|observe|notice|make out|recogni[sz]e|identify)"
_HERE = (
    r"(?:visible|present|found|seen|detected|located|shown|there|here|identified|available|"
    r"depicted|pictured|"
    rf"observed|spotted|in sight|(?:in|on|within|inside) (?:\w+ )?(?:the|this|"
    rf"that) (?:\w+ )?(?:{_PICTURE}|scene|view|frame))"
)

ENGLISH = _language(
    "none|null|nil|nothing|nobody|no one|nowhere|no|n/a|na|not applicable|empty|empty list|"
    "an empty list|undefined|void|"
    "not found|not visible|not present|not there|not available|not detected|absent|missing|invisible|"
    "does not exist|doesn't exist|nonexistent|∅",
    [
        r"there(?: is|['’]s| are| was| were| (?:appears?|seems?) to be) "
        r"(?:no|none|nothing|nobody|neither|not (?:a|an|any)|0|zero)\b.*",
        r"there (?:is|are|was|were)n['’]t (?:a|an|any)\b.*",
        rf"(?:i|we) (?:(?:do|did|could|can|was|were|am|are)(?: ?not|n?['’]t) (?:able to )?|(?:am|"
        rf"was|were) unable to |"
        rf"cannot |failed to ){_FIND}\b.*",
        r"(?:i|we) (?:see|saw|found|find|detect|detected) (?:no|none|nothing)\b.*",
        rf"(?:unable|failed|impossible) to {_FIND}\b.*|(?:cannot|could not|couldn['’]t|can['’]t|"
        rf"did not) {_FIND}\b.*",
        rf".*\b(?:is|are|was|were|be|can|could)(?: ?not|n['’]t)(?: be| been)?(?: \w+ly)? {_HERE}\b.*",
        r".*\b(?:cannot|can['’]t) be (?:found|seen|located|detected|identified|spotted)\b.*",
        r".*\b(?:does|do|did)(?: ?not|n['’]t) (?:exist|appear|seem to be (?:present|visible))\b.*",
        r".*\b(?:is|are) (?:absent|missing)(?: (?:from|in) .*)?",
        rf"(?:no|none|neither|nothing|nobody|no one|not (?:a|any|one)|zero|0)\b.*\b(?:{_HERE}|"
        rf"match\w*|exists?|"
        r"appears?|fits?|corresponds?|meets?|satisf\w+|qualif\w+|applies)\b.*",
        r"none of (?:the|them|these|those)\b.*|(?:no|zero|0)(?: [\w'’-]+){1,4}",
        r"nothing (?:like (?:that|this|it)|to (?:find|locate|report|show|detect|mark))\b.*",
        rf"(?:the |this |that )?(?:\w+ )?(?:{_PICTURE}|scene|frame)(?: here)? (?:(?:does|do|"
        rf"did)(?: ?not|n['’]t) "
        r"(?:\w+ly )?(?:contain|show|have|include|depict|feature|display)|(?:shows?|contains?|has|"
        r"have|includes?|depicts?|"
        r"features?|displays?) (?:no|none|nothing|neither|not (?:a|any)))\b.*",
    ],
    r"\b(?:but|however|except|instead|although|though|whereas|other than|apart from|rather|besides|"
    r"unless)\b|"
    # A clause that goes on to say where something is.
    r"[,:—–]\s*(?:and |so )?(?:it|he|she|they|the|one|this|that|there|here|a|an|only)\b"
    rf"(?! (?:final |whole |entire )?(?:answer|list|result|output|{_PICTURE}|scene)\b)"
    r"[^,:]*?(?:\b(?:is|are|was|were|stands?|sits?|lies?)\b|['’]s\b)(?! (?:no|not|none|nothing)\b)",
    rf"\b(?:provided|supplied|attached|uploaded|shared|sent|received|loaded)\b|"
    rf"(?<!in )(?<!on )(?<!within )(?<!inside )(?<!anywhere )\b(?:no|an?|any|the|this|your) (?:\w+ )?"
    rf"(?:{_PICTURE}|attachments?|files?)(?= (?:to|here|in)\b|$)|"
    rf"\b(?:in|see|view|find|open|process|identify) (?:images|pictures|photos)\b|"
    r"\bno (?:problem|worries|doubts?|idea|comment|need|way|answer|matter|reason|questions?|longer|"
    r"access|one knows|"
    r"parking|smoking|entry)\b|\bnot? (?:able|allowed) to (?:help|assist)\b|\breal people\b",
    r"(?:i['’]?m|i am|we are) (?:very )?sorry.{0,20}|sorry|unfortunately|apologies|no|nope|"
    rf"(?:only )?(?:(?:the|this) (?:{_PICTURE}|scene)|it) (?:\w+ )?(?:shows?|contains?|depicts?|"
    rf"features?|displays?)\b.*|"
    r"(?:i|we)(?:['’]ve| have)? (?:\w+ly )?(?:looked|checked|searched|examined|scanned|inspected|"
    r"reviewed)\b.*|"
    r"(?:so |therefore,? |thus,? |hence,? )*(?:(?:the |my )?(?:final )?(?:answer|list|result|"
    r"output) (?:is|remains?)|"
    r"i (?:will )?return) (?:an? )?(?:empty|none|null|nothing)\b.*|(?:please|let me know|if you|"
    r"would you)\b.*",
)

OPENING = re.compile(
    r"(?:(?:i['’]?m|i am|we are) (?:very )?(?:sorry|afraid)|sorry|unfortunately|apologies|sadly|"
    r"(?:in|on|within|upon|after|based on|from|looking|given|according to)\b[^,.]{0,60}(?=,)|"
    r"(?:so|therefore|thus|hence|then|well|okay|ok|actually|clearly|overall)(?=[ ,])|"
    r"(?:the )?(?:final )?(?:answer|results?|output|response|objects?|boxes|bbox(?:es)?|"
    r"detections?|label)(?: is)?\s*[:=]|"
    r"(?:it|there) (?:appears|seems|looks)(?: like)?(?: that)?(?! to)|i (?:think|believe|conclude|"
    r"can confirm)(?: that)?|"
    r"抱歉|对不起|很遗憾|申し訳ありません|すみません|죄송합니다|죄송하지만|leider|désolé|"
    r"malheureusement|"
    r"lo siento|desculpe|infelizmente|mi dispiace|purtroppo|к сожалению|извините|عذرا|عذراً|للأسف|"
    r"क्षमा करें)"
    r"[\s,，、:=]*(?:(?:but|aber|mais|pero|mas|ma|но|لكن|但|但是|が、)\b[\s,，]*)?(?:that )?"
)
"""What may stand before the sentence itself, with the “but” of an apology."""

_CHINESE = _language(
    "无|無|没有|沒有|空|暂无|不存在|未找到|未发现|未發現|未检测到|未檢測到|找不到|没找到|沒找到|"
    "看不到|不可见|不可見|没有找到",
    [
        r"(?:在|从)?(?:这|這|该|該|此|本|整)?(?:张|張|幅|个|個)?(?:图|圖|画|畫|照|场景|場景|"
        r"影)?(?:片|像|面)?"
        r"(?:中|里|裡|上|内|內)?[,，]?(?:我|似乎|好像|并|並|也|都)?"
        r"(?:没有?|沒有?|未(?!来)|并无|無|无|不存在|找不到|看不到|看不见|无法(?:找到|定位|检测|"
        r"发现)|不包含|不含)"
        r"(?!.*的.*(?:在|位于|位於)).*",
        r".{1,30}(?:不存在|不可见|不可見|没有出现|沒有出現|未出现|未出現|找不到|看不到|未找到|"
        r"未被?发现)",
        r".{1,30}不在(?:这|這|该|該|此)?(?:张|張|幅)?(?:图|圖|画|畫|照).*",
    ],
    r"但|不过|不過|而是|除了|只有",
    r"提供|上传|上傳|附件|(?:查看|看到|处理|识别|访问)(?:这张|该|此|任何|图|圖|照)|(?:没有|没|無|"
    r"无)(?:图片|图像|照片|圖片)$|"
    r"看不到(?:图|圖|照)|帮助|帮忙",
    r"(?:图|圖|画|照)(?:片|像|面)?(?:中|里|上)?(?:只|仅)?(?:显示|展示|是|有).*|请.*|(?:因此|"
    r"所以).*(?:空|无).*",
)

_JAPANESE = _language(
    "なし|無し|無い|ない|該当なし|該当無し|ありません|いません|見つかりません|存在しません|"
    "存在しない|見えません",
    [
        r".*(?:ありません|いません|見つかりません|見当たりません|存在しません|写っていません|"
        r"映っていません|見えません|"
        r"確認できません|検出されません|検出できません)(?:でした)?",
        r".*(?:見つから|見当たら|写ってい|映ってい|存在し|い|確認でき|では)な(?:い|"
        r"かった)(?:です)?|.*該当.*(?:なし|ない)",
    ],
    r"しかし|ただし|ですが|けど|が、",
    r"(?:画像|写真)(?:が|は|を)|お手伝い|申し訳",
    r"申し訳ありません|すみません",
)

_KOREAN = _language(
    "없음|없습니다|없다|없어요|해당 없음|찾을 수 없음|찾을 수 없습니다",
    [
        r".*(?<!수 )없(?:습니다|어요|음|다|네요|었습니다)",
        r".*(?:찾을|볼|발견할|감지할|확인할) 수 (?:없(?:습니다|어요|음|다|었습니다))",
        r".*(?:찾지 못했|발견하지 못했|보이지 않|존재하지 않|발견되지 않|감지되지 않)(?:습니다|"
        r"았습니다|어요|아요|음|는다|다)",
    ],
    r"하지만|그러나|(?<!죄송하)지만",
    r"(?:이미지|사진|그림)(?:를|을|가|이|은|는) ?(?:볼|보|없|제공|첨부|열|확인)|도와|도움",
    r"죄송합니다",
)

_GERMAN_NO = r"(?:kein(?:e[rsmn]?|erlei)?|nichts|niemand(?:en)?)"
_GERMAN = _language(
    "keine|keiner|keines|kein|nichts|niemand|nicht vorhanden|nicht sichtbar|nicht gefunden|"
    "nicht zu sehen",
    [
        rf"(?:es|hier|da|dort|ich|wir|auf|in|im|das|dieses|leider)\b.*\b{_GERMAN_NO}\b.*",
        rf"{_GERMAN_NO}\b.*(?:gefunden|sichtbar|sehen|vorhanden|erkennbar|erkannt|entdeckt|bild\b|"
        rf"foto\b|"
        r"passt|passen|entspricht|treffer).*|kein(?:e[rsmn]?)?(?: [\wäöüß-]+){1,3}",
        r".*\bnicht (?:\w+ )?(?:sichtbar|zu sehen|vorhanden|erkennbar|gefunden|im bild|"
        r"auf dem (?:bild|foto)|"
        r"zu finden|abgebildet)\b.*",
    ],
    r"\b(?:aber|jedoch|außer|sondern|allerdings|nur)\b",
    rf"\b{_GERMAN_NO} (?:bild|bilder|foto|fotos)\b|\b(?:hilfe|helfen|hochgeladen)\b|"
    rf"\bkein(?:e)? (?:problem|ahnung|zweifel|antwort)\b",
    r"(?:das|dieses) (?:bild|foto) zeigt .*|leider",
)

_FRENCH = _language(
    "aucun|aucune|rien|personne|néant|non trouvé|non trouvée|introuvable|pas visible|non visible|"
    "absent|absente",
    [
        r"(?:(?:dans|sur) (?:l['’]|la |cette |le )\w+,? )?il n['’]y (?:a|avait) (?:pas|aucune?|"
        r"rien|personne)\b.*",
        r"(?:aucune?|rien|personne|pas (?:de|d['’]|un))\b.*",
        r".*\bn(?:e |['’])(?:contient|contiennent|montre|comporte|représente|est|sont|figure|"
        r"apparaît|apparaissent|"
        r"se trouve|se trouvent|correspond|existe)\b ?(?:pas|aucune?|rien|personne|nulle part)\b.*",
        r"je n(?:e |['’])(?:vois|trouve|ai (?:pas )?(?:vu|trouvé)|peux pas (?:voir|trouver)|"
        r"parviens pas à (?:voir|trouver))\b.*",
    ],
    r"\b(?:mais|cependant|sauf|toutefois|pourtant|hormis|seulement)\b",
    r"aucune? (?:image|photo)\b|(?:voir|vois|trouve)(?: pas)? (?:d['’]|les |l['’]|de |"
    r"cette )?(?:images?|photos?)$|fournie?|jointe?|"
    r"aider|(?:pas|aucun) (?:de )?(?:problème|doute)",
    r"(?:l['’]|cette |la )(?:image|photo) (?:montre|représente|contient) .*|désolé.{0,20}",
)

_SPANISH = _language(
    "ninguno|ninguna|ningún|nada|nadie|no encontrado|no encontrada|no visible|no hay|no está|"
    "no existe|ausente",
    [
        r"(?:(?:en|dentro de) (?:la|esta|el|este)(?: \w+)?,? )?no (?:hay|existen?|se (?:ven?|"
        r"encuentran?|encontr\w+|"
        r"observan?|detect\w+|aprecian?|muestran?)|veo|encuentro|encontré|pude (?:ver|encontrar)|"
        r"puedo (?:ver|encontrar|detectar|localizar)|aparecen?|está|están)\b.*",
        r"(?:la|esta) (?:imagen|foto|fotografía|escena) no (?:muestra|contiene|tiene|incluye)\b.*",
        r"(?:ning[úu]n[oa]?|nada|nadie)\b.*",
        r".* no (?:está|están|es|son|aparecen?|se ven?|existen?|se encuentran?)(?: (?:visibles?|"
        r"presentes?|en (?:la|esta) .*))?",
    ],
    r"\b(?:pero|sin embargo|excepto|salvo|aunque|sino|solo|sólo|solamente)\b",
    r"(?:hay|ver|veo|encuentro) (?:ninguna |las? |una )?(?:imagen|imágenes|fotos?)$|proporcion|"
    r"adjunt|ayudar|problema|duda",
    r"(?:la|esta) (?:imagen|foto) (?:muestra|contiene) .*|lo siento.{0,20}",
)

_PORTUGUESE = _language(
    "nenhum|nenhuma|nada|ninguém|não há|não encontrado|não encontrada|não visível|não existe|ausente",
    [
        r"(?:(?:n[ao]|nest[ae]|em) \w+,? )?não (?:há|existem?|vejo|encontr\w+|fo(?:i|"
        r"ram) (?:encontrad|detectad|possível)\w*|"
        r"consigo (?:ver|encontrar|localizar)|está|estão|aparecem?|se vê|é possível (?:ver|"
        r"encontrar))\b.*",
        r"(?:a|esta|o) (?:imagem|foto|cena) não (?:mostra|contém|tem|inclui)\b.*|(?:nenhuma?|nada|"
        r"ninguém)\b.*",
        r".* não (?:está|estão|é|são|aparecem?|existem?)(?: (?:visíve(?:l|is)|presentes?|n[ae] .*))?",
    ],
    r"\b(?:mas|porém|exceto|contudo|entretanto|apenas|só|somente)\b",
    r"(?:há|ver|vejo) (?:nenhuma |as? |uma )?(?:imagens|imagem|fotos?)$|fornecid|anexad|ajudar|"
    r"problema|dúvida",
    r"(?:a|esta) (?:imagem|foto) (?:mostra|contém) .*|desculpe.{0,20}",
)

_ITALIAN = _language(
    "nessuno|nessuna|nessun|niente|nulla|non trovato|non trovata|non visibile|non presente|assente",
    [
        r"(?:(?:nell['’]|in questa |nella |sulla )\w+,? )?non (?:c['’]è|ci sono|vedo|trovo|"
        r"ho trovato|si (?:vedono|vede|trovano?)|"
        r"è (?:presente|visibile|stat[oa] (?:trovat|rilevat)\w+)|sono (?:presenti|visibili|"
        r"stat[ie] (?:trovat|rilevat)\w+)|"
        r"riesco a (?:vedere|trovare)|esist\w+)\b.*",
        r"(?:l['’]|quest['’]|la |questa )(?:immagine|foto|scena) non (?:mostra|contiene|presenta|"
        r"ha)\b.*",
        r"(?:nessun[oa]?|niente|nulla)\b.*",
        r".* non (?:è|sono) (?:visibil[ei]|present[ei]|nell['’].*)",
    ],
    r"(?<!nie )\b(?:ma|però|tranne|tuttavia|eccetto|solo|soltanto)\b",
    r"(?:vedere|vedo|c['’]è|nessun['’a] ?)(?: (?:le|alcuna|nessuna)| un['’])? ?(?:immagini|"
    r"immagine|foto)$|fornit|allegat|aiutar|problema|dubbio",
    r"(?:l['’]|la )(?:immagine|foto) (?:mostra|contiene) .*|mi dispiace.{0,20}",
)

_RUSSIAN = _language(
    "нет|ничего|никого|отсутствует|отсутствуют|не найдено|не найден|не найдена|не найдены|не видно|"
    "не обнаружено",
    [
        r".*\b(?:нет|отсутству\w+|не (?:видно|видны?|видна|вижу|найден\w*|обнаружен\w*|"
        r"изображен\w*|присутству\w+|"
        r"существу\w+|удалось (?:найти|обнаружить)|нашлось|наш[её]л|могу найти|показан\w*))\b.*",
        r"(?:ничего|никто|никого|ни один|ни одна|ни одного|ни одной)\b.* не\b.*",
    ],
    r"\b(?:но|однако|кроме|зато|только)\b",
    r"(?:нет|вижу|видеть|увидеть) (?:\w+ )?(?:изображени[яей]|картинк[иу]|фото\w*)$|прикреп|загруж|"
    r"помочь|"
    r"нет (?:проблем|сомнени|ответа)",
    r"на (?:изображении|картинке|фото) (?:показан|изображен)\w* .*|извините.{0,20}|к сожалению",
)

_ARABIC = _language(
    "لا شيء|لا يوجد|لا توجد|لا أحد|غير موجود|غير موجودة|غير مرئي|غير ظاهر|لا",
    [
        r".*(?:لا (?:يوجد|توجد|أرى|يظهر|تظهر|تُظهر|يمكنني (?:رؤية|العثور|إيجاد)|تحتوي|يحتوي)|"
        r"لم (?:يتم العثور|أجد|أعثر|نجد|أتمكن من (?:العثور|إيجاد))|ليس (?:هناك|هنالك|في)|ليست|"
        r"غير (?:موجود|مرئي|ظاهر)).*",
    ],
    r"لكن|إلا|سوى|باستثناء",
    r"(?:رؤية|أرى|توجد|يوجد) (?:أي |أية )?(?:ال)?صور(?:ة)?$|مساعد",
)

_HINDI = _language(
    "कोई नहीं|कुछ नहीं|कुछ भी नहीं|नहीं|नहीं मिला|मौजूद नहीं|दिखाई नहीं देता",
    [
        r".*(?:कोई|कुछ|में|यहाँ|यहां).*नहीं (?:है|हैं|था|थे|मिल|पाय|दिख|देख रहा).*|.*नहीं (?:मिल|"
        r"पाय|दिख).*",
        r".*(?:मौजूद|उपस्थित|दिखाई) नहीं.*",
    ],
    r"लेकिन|परंतु|मगर|सिवाय|केवल",
    r"(?:चित्र|छवि|तस्वीर|छवियों|चित्रों)(?: को)? नहीं|मदद|सहायता",
)

_OTHERS = _language(
    "geen|niets|niet gevonden|niet zichtbaar|brak|nic|yok|hiçbiri|bulunamadı|không có|tidak ada|"
    "ไม่มี|inga|ingen|"
    "inget|немає|відсутній",
    [
        r"(?:(?:er|op de \w+|in de \w+) (?:is|zijn|was) )?geen\b.*|ik (?:zie|vind) geen\b.*",
        r"(?:na \w+ )?nie (?:ma|widać|znaleziono)\b.*|brak\b.*",
        r".*\b(?:yok|bulunamadı|bulunmuyor|görünmüyor)",
        r".*\b(?:không (?:có|tìm thấy|thấy))\b.*|.*\btidak (?:ada|ditemukan|terlihat)\b.*|"
        r".*ไม่(?:มี|พบ).*",
        r"(?:det finns|jag ser) (?:ingen|inga|inget)\b.*|.*\b(?:немає|не знайдено)\b.*",
    ],
    r"\b(?:maar|ale|ama|fakat|nhưng|tetapi|tapi|men|але|behalve|slechts)\b|แต่",
    r"\b(?:afbeeldingen|obrazów|hình ảnh|gambar|resim)$",
)

LANGUAGES = (
    ENGLISH, _CHINESE, _JAPANESE, _KOREAN, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN,
    _RUSSIAN, _ARABIC, _HINDI, _OTHERS,
)  # fmt: skip
