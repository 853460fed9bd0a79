"""How people ask for things on a picture, in other languages than English: the data of `labels.py`.

For each group of languages: what begins a question, the articles that may follow, and what ends it.
"""

from __future__ import annotations

import re

from demo.language.lexicon import words

PRONOUNS = words(
    "es ihn sie er das dies ça cela lui elle il le la lo él ella esto eso esta isso isto ele ela "
    "questo lui lei его её ее он она оно они это to ono on ona यह वह उसे इसे ये هذا هذه هو هي 它 "
    "他 她 它们 牠 这个 那个 这 那 これ それ あれ 彼 彼女 이것 그것 저것 이거 그거 그 มัน นี่ นั่น "
    "het dit dat hem haar bu o onu şu bunu nó đây itu ini"
)
"""Words that mean a thing and do not name it."""

_SPACED = (
    (  # German, Dutch, a little of the Scandinavian languages
        "bitte|kannst du|können sie|könntest du|könnten sie|würdest du|ich suche|ich möchte|"
        "ich will|wir suchen|finden? sie|finde|zeige?|zeigen sie|markieren? sie|markiere|"
        "suchen? sie|suche|lokalisiere|identifiziere|erkenne|wähle|umkreise|segmentiere|nenne|"
        "beschreibe|wo (?:ist|sind|befinde[nt] sich|steht|stehen|liegt|sitzt|genau ist)|und wo ist|"
        "wer ist|was ist|welche[rsnm]? (?:ist|sind)|welche[rsnm]?|gibt es(?: hier| da)?|zeigen|"
        "sagen|wo|ist|sind|hitta|visa mig|leta efter|var är|hvor er|vis mi[gn]|peka på|markera|"
        "siehst du|sehen sie|sag mir|weißt du|alsjeblieft|kun je|kan je|kunt u|zou je|ik zoek|vind|"
        "zoek|toon|laat|markeer|selecteer|identificeer|wijs|geef|waar (?:is|zijn|staat|ligt|zit)|"
        "wie is|wat is|zie je|is er|(?:mij|me) zien",
        "de[rnm]? |die |das |ein(?:e[rnms]?)? |het |een ",
        "bitte|finden|zeigen|markieren|suchen|sehen|lokalisieren|auswählen|erkennen|heraus|ist|"
        "sind|(?:auf|in) (?:dem|diesem) (?:bild|foto)|im (?:bild|foto)|alsjeblieft|alstublieft|"
        "vinden|zien|aanwijzen|(?:in|op) (?:de|deze) (?:afbeelding|foto)",
    ),
    (  # French, Spanish, Portuguese, Italian
        "s['’]il (?:vous|te) pla[iî]t|peux-tu|pouvez-vous|pourrais-tu|pourriez-vous|je cherche|"
        "je veux|je voudrais|trouve[rz]?|montre[rz]?[- ](?:moi|nous)|montre[rz]|"
        "(?:re)?cherche[rz]?|repère|repérez|localise[rz]?|indique[rz]?(?:[- ]moi)?|désigne[rz]?|"
        "sélectionne[rz]?|identifie[rz]?|entoure[rz]?|où (?:est|sont|se trouve(?:nt)?)|qui est|"
        "quel(?:le)?s? (?:est|sont)|y a-t-il|est-ce qu['’]il y a|est-ce que|il y a(?= un)|tu vois|"
        "vous voyez|qui|vois-tu|voyez-vous|dis-moi|por favor|puedes|podrías|puede|podría|quiero|"
        "necesito|estoy buscando|busco|busca|busque|buscar|encuentra|encuentre|encontrar|"
        "encuéntrame|muéstrame|muéstreme|muestra|muestre|mostrar|mostrarme|localiza|localice|"
        "identifica|identifique|señala|señale|indica|selecciona|seleccione|marca|marque|enséñame|"
        "dime|d[oó]nde (?:est[aá]n?|se encuentran?|hay|queda)|qui[eé]n es|cu[aá]l es|qu[eé] es|"
        "hay(?= un)|ves|ve usted|me mostr[ea]|você pode|pode|poderia|preciso|estou procurando|"
        "procuro|encontre|encontra|mostre(?:-me)?|mostra|localize|procure|procura|aponte|selecione|"
        "destaque|onde (?:está|estão|fica|ficam|tem|se encontra)|quem é|qual é|o que é|existe|"
        "tem(?= um)|há(?= um)|você vê|per favore|puoi|può|potresti|potrebbe|sto cercando|voglio|"
        "vorrei|trova|trovami|trovate|trovare|mostrami|mostrare|mostrarmi|cerca|cercare|individua|"
        "evidenzia|seleziona|segna|dimmi|dov['’]è|dove (?:è|sono|si trova(?:no)?)|chi è|qual è|"
        "cos['’]è|c['’]è(?= un)|vedi",
        "a l[ao]s? |les? |la |l['’]|une? |des |el |l[oa]s |un[ao]s? |al |à |o |a |os |as |um(?:a|"
        "as)? |il |lo |gli |i |un['’]",
        "s['’]il (?:vous|te) pla[iî]t|où est-(?:il|elle)|dans l['’]image|(?:dans|sur) (?:la|"
        "cette) (?:photo|image)|por favor|(?:en|de) (?:la|esta) (?:imagen|foto)|d[oó]nde est[aá]n?|"
        "est[aá] d[oó]nde|onde está|está onde|n(?:a|esta) (?:imagem|foto)|per favore|dov['’]è|"
        "nell['’]immagine|nella foto",
    ),
    (  # Russian, Ukrainian, Polish
        "пожалуйста|можешь|можете|мог бы ты|не могли бы вы|найд[иі](?:те|ть)?|найти|знайди|"
        "знайдіть|покажи(?:те)?|показать|покажіть|отметь(?:те)?|выдели(?:те)?|укажи(?:те)?|"
        "определи(?:те)?|обведи(?:те)?|ищи|поищи|я ищу|мне нуж(?:ен|на|но|ны)|где (?:находится|"
        "находятся|тут|здесь|стоит|сидит|лежит)|где|де|кто(?: такой| это)?|есть ли(?: здесь| тут)?|"
        "видишь ли ты|видишь|какой|какая|скажи|на (?:этой )?(?:картинке|фотографии)|"
        "на (?:этом )?(?:изображении|фото)|proszę|czy możesz|możesz|szukam|znajdź|znajdźcie|pokaż|"
        "pokażcie|wskaż|zaznacz|zlokalizuj|wybierz|gdzie (?:jest|są|znajduje się|stoi)|kto to jest|"
        "czy widzisz|czy jest",
        "",
        "пожалуйста|где|на (?:этой )?(?:картинке|фотографии)|на (?:этом )?(?:изображении|фото)|"
        "proszę|na (?:zdjęciu|obrazku|tym zdjęciu)",
    ),
    (  # Turkish
        "lütfen|bana|resimde(?:ki)?|fotoğrafta(?:ki)?",
        "",
        "lütfen|nerede(?:dir)?|bul(?:un|unuz|ur musun|abilir misin)?|göster(?:in|ir misin)?|"
        "işaretle|seç|var mı|hangisi",
    ),
    (  # Vietnamese, Indonesian
        "hãy|làm ơn|vui lòng|tìm kiếm|tìm|chỉ ra|chỉ|cho tôi xem|xác định|đánh dấu|cho tôi|"
        "giúp tôi|tolong|bisakah kamu|cari|carikan|temukan|tunjukkan|tandai|pilih|di ?mana(?:kah)?",
        "",
        "(?:đang )?ở đâu|ở chỗ nào|trong (?:ảnh|hình)(?: này)?|(?:ada )?di ?mana|di (?:gambar|"
        "foto)(?: ini)?",
    ),
    (  # Hindi
        "कृपया|मुझे|हमें|क्या आप|क्या|कहाँ (?:है|हैं)|कहां (?:है|हैं)|कहाँ|कहां|बताओ|बताइए|दिखाओ|"
        "ढूंढो|खोजें|(?:इस )?(?:चित्र|तस्वीर|फोटो|फ़ोटो) (?:में|से)",
        "",
        "(?:(?:को|का|की|के) )?(?:(?:स्थान|पता) )?(?:कहाँ|कहां|किधर|ढू[ंँ]ढ\\S*|खोज\\S*|दिखा\\S*|"
        "बता\\S*|पहचान\\S*|चुन\\S*|चिह्नित|चिन्हित|हाइलाइट)(?: (?:है|हैं|कर\\S*|दीजिए|दो|दें|लो|"
        "निकालो|सकते|हो))*|को|है|हैं|कृपया|(?:इस )?(?:चित्र|तस्वीर|फोटो|फ़ोटो) में",
    ),
    (  # Arabic
        "من فضلك|لو سمحت|هل (?:يمكنك|تستطيع|ترى|هناك|يوجد|توجد)|أين (?:يوجد|توجد|هو|هي|يقع|تقع)|"
        "أين|اين|جد|أوجد|اوجد|اعثر على|ابحث عن|إيجاد|أرني|ارني|أظهر|حدد|حدّد|عين|أشر إلى|اختر|"
        "من (?:هو|هي)|ما (?:هو|هي)|أريد|العثور على|تحديد|لي|موقع|مكان|في (?:هذه )?الصورة",
        "",
        "من فضلك|لو سمحت|أين(?: هو| هي)?|في (?:هذه )?الصورة",
    ),
)
_PICTURE = "(?:在|于)?[这這]?[张張幅]?(?:图片|圖片|照片|图像|圖像|图|圖)(?:之?[中里裡上内內])"
_UNSPACED = (
    (  # Chinese
        "[请請](?:问|問)?|[帮幫](?:我|忙)?|能不能|能否|可以|[你您](?=能|可|看|[帮幫])|能(?=看|找|"
        "[帮幫]|告)|[给給]我|告[诉訴]我|我(?:想要?|要|在|需要)|[找标標圈框选選指](?:出[来來]?|到|"
        "一下|一找)|找找看?|找|[标標][记記注](?:出)?|定位|[识識][别別]|[显顯]示|高亮|看[看一]下?|"
        "[检檢][测測](?:出)?|分割(?:出)?|看(?:得)?[到见見]|[查寻尋]找|哪[里裡儿兒]有|"
        "哪一?[个個只位](?:是)?|[谁誰](?:是|正在|在)?|什[么麼]是|"
        f"在?哪[里裡儿兒](?:是)?|有[没沒]有|是否有|[把将將]|{_PICTURE}的?(?:有(?![没沒]))?",
        "的?(?:位置)?[在是]?(?:哪[里裡儿兒]?|哪一?[个個只位]|什[么麼]地方|何[处處])|的(?:位置|坐标|"
        "座標)|[找标標圈框选選指]出?[来來到]|[找标標圈框选選指]出|[标標][记記注](?:出[来來])?|"
        "[了过過]?[吗嗎]|[呢吧]|好不?好|一下|[谢謝]{2}|"
        f"{_PICTURE}",
    ),
    (  # Japanese
        "(?:この|その)?(?:画像|写真|絵|図)(?:の中)?(?:から|には|では|で|に|の)|どこに|どれが|誰が|"
        "すみません",
        "(?:の(?:場所|位置))?[はがをって]{0,2}(?:今)?(?:どこ|どちら|どれ|誰)(?:に)?(?:です|"
        "でしょう|あります|います|いる|ある|なの|だ)?(?:か|の|かな)?|[はが](?:あり|い|"
        "見え)ます(?:か|よね)?|(?:の(?:場所|位置))?[をがは]?(?:見つけ|みつけ|探し|さがし|見せ|示し|"
        "教え|選ん|指し|指さし|囲ん|マークし|検出し|特定し|表示し|選択し|強調し|ハイライトし|"
        "認識し)(?:出し)?(?:[てで](?:ください|下さい|くれ(?:ますか|ませんか)?|ほしい)?|なさい|"
        "たい)|を(?:検出|特定|選択|表示|強調|マーク|ハイライト)|を?(?:見つけろ|見たい|探す|探せ|"
        "見つける)|ください|下さい|お願いします|の(?:場所|位置)|を",
    ),
    (  # Korean: 이 ends some nouns, too
        "(?:이|그) ?(?:사진|그림|이미지)(?:에서|의| 속) ?|(?:사진|그림|이미지)(?:에서| 속에서) ?|"
        "어디에 |혹시 |제발 |좀 ",
        "(?:[은는가을를]|"
        "(?<!고양)(?<!어린)(?<!아)(?<!호랑)(?<!원숭)(?<!종)(?<!걸)(?<!거북)(?<!늙은)(?<!젊은)(?<!잡)이)? ?"
        "(?:어디|어딨)[가-힣 ]{0,8}|[을를]? ?(?:좀 )?(?:찾아|보여|표시해|가리켜|골라|선택해|알려|강조해|"
        "식별해|감지해)(?: ?(?:줘요?|주세요|주실래요|주십시오|봐|라|내))*|[을를]? ?(?:찾으세요|"
        "찾기|찾으시오|찾고 싶어요?)|[을를]|의 ?위치|[이가] ?(?:있나요|있어요?|있니|보여요?|"
        "보이나요)",
    ),
    (  # Thai
        "(?:ช่วย|กรุณา|โปรด|ค้นหา|หา|ชี้|แสดง|ระบุ)(?:ที)?",
        "(?:อยู่)?(?:ที่|ตรง)?ไหน|(?:ให้)?หน่อย|ครับ|ค่ะ|คะ",
    ),
)

_TO_ME = (
    "mir|uns|bitte|mal|doch|auch|nach|moi|nous|me|mij|aan|eens|ver|мне|нам|mi|nam|لي|لنا|موقع|مكان"
)

FOREIGN_START = re.compile(
    "|".join(
        [rf"(?:{start})(?:[ -](?:{_TO_ME}))*[ ,:]+(?:{article})?" for start, article, _ in _SPACED]
        + [f"(?:{start})[ ,，:：]*" for start, _ in _UNSPACED]
    ),
    re.IGNORECASE,
)
FOREIGN_END = re.compile(
    "(?:"
    + "|".join(
        [f",? (?:{end})" for *_, end in _SPACED] + [f"[ ，,、]*(?:{end})" for _, end in _UNSPACED]
    )
    + ")$",
    re.IGNORECASE,
)
