"""Words by which names of regions are recognised: the data of `names.py`.

Words in Latin letters are without accents, as `letters.py` folds them.
"""

from __future__ import annotations

import re

from demo.language.lexicon import STOPS, words

REGIONS = words(
    "region regions object regione regioni regiones regionen regiao regioes regio bolge vung "
    "wilayah obszar oblast alue omrade regiunea"
)
BOXES = words(
    "box boxes bbox bboxes area areas mask masks selection selections detection detections "
    "rectangle rectangles bereich bereiche rahmen kasten caja cajas recuadro recuadros boite "
    "boites cadre cadres caixa caixas quadro riquadro riquadri kader kutu kotak ramka"
)
OTHER_BOXES = words(
    "mail letter post po juice cereal tool lunch text check tick dialog dialogue phone match gift "
    "x penalty"
)
_TOUCHING = "区域|區域|领域|領域|リージョン|영역|구역|บริเวณ|พื้นที่"
_APART = r"област(?:ь|и|ью|ям|ях|ей)|регион(?:а|у|ом|е|ы|ов)?|(?:ال)?منطقة|क्षेत्र|περιοχή|אזור"
_BOX_TOUCHING = "边界框|邊界框|方框|框|枠|ボックス|박스|상자|กรอบ|กล่อง"
_BOX_APART = "рамк(?:а|и|е|у|ой)|बॉक्स|[РрΡρ]"  # the letters are R in Russian and in Greek
WORD_BEFORE = re.compile(
    rf"(?:(?P<sure>{_TOUCHING}|(?<!\w)(?:{_APART}))|{_BOX_TOUCHING}|(?<!\w)(?:{_BOX_APART}))\s?[#№]?\s?$"
)
"""Words for region and box in other scripts, at the end of what stands before a number."""

LONGEST_WORD = 16
WORD_AFTER = re.compile(
    rf"(?:号|號|번\s?|番目?の?|(?<=第[0-9])[个個]?)(?:{_TOUCHING}|{_BOX_TOUCHING})"
)
"""Behind a number: 1号框, 1番の領域, 1번 영역, 第1个区域."""

COUNTED = re.compile(
    r"(?!'s\b)[%°$€£'\"′″个個只隻条條名位人辆輛头頭匹つ台本枚張张件棵朵块塊片把双雙份개명대권]|마리|:[0-9]"
)
"""After a number, these say that it counts or measures."""

UNITS = words("px pixel pixels percent cm mm m km inch inches feet ft meters metres times")
NUMBER_WORDS = words("number no nr num numero nummer n")
COUNTING = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10",
}  # fmt: skip
NUMERALS = re.compile(
    r"(?:(?<=区域)|(?<=區域)|(?<=領域)|(?<=方框)|(?<=第))[一二三四五六七八九](?![十百直样樣起些般定共])"
)
RANGE_WORDS = words("to through thru until till bis")
LIST_WORDS = words("and or vs und oder et ou y e o en og och ve dan va")
PAIRED = words("distance path line way gap arrow compare relation between close closer next")
"""Before *R1 to R3*, these say that two are meant, not those between."""

MAKERS = words(
    "audi bmw canon citroen ford honda kawasaki kia mazda mercedes nissan olympus renault samsung "
    "subaru suzuki toyota volvo yamaha"
)
"""A number after these is a model's, in any letter case: an audi r8."""

GLUE = words(
    "the that of in on at by to from with near behind and or between beside above below under over "
    "inside around against across along towards facing is are than as for de la le el du al un der "
    "die das den dem"
)
"""These may have lost the space before a name: theR2."""

TRAIL = (STOPS | {"does", "wears", "stands"}) - {"plus", "a", "i", "m", "d", "s"}
"""And these the space after one: R2who."""

AFTER_HYPHEN = words("the and or is are who which that what where with")
