"""What a region is called: a table of the kinds of questions, and what holds for every label."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from demo.language import asking
from demo.language.labels import MAX_LABEL, label_of
from demo.language.lexicon import words
from demo.language.references import MAX_QUESTION, resolve
from demo.picture.geometry import PictureBox
from demo.picture.regions import RegionObject, Registry
from tests.support.steps import steps


def registry() -> Registry:
    made = Registry()
    for k in range(3):
        made, _ = made.add([RegionObject("", PictureBox(10 * k, 0, 10 * k + 5, 20))])
    return made


REGISTRY = registry()


def label(question: str) -> str:
    return label_of(resolve(question, REGISTRY, last="R1"))


def _items(table: str) -> list[str]:
    return [item.strip() for line in table.strip().split("\n") for item in line.split(" | ")]


ASKED = """
Find the | Find  the | find me the | Please find the | Spot the | Pick out the | Identify the
Tag the | Flag the | Single out the | Pinpoint the | Point out the | Point to the | Point at the
Mark the | Give me the | Show me the | Locate the | Recognize the | Recognise the | Focus on the
Look for the | Look at the | Look closely at the | Zoom in on the | Zoom in to the | Highlight the
Circle the | Outline the | Segment the | Do you see the | Can you see the | Could you find the
Could you please spot the | I'd like you to find the | I’d like to see the | I want to find the
I'm looking for the | Where is the | Where's the | Which one is the | Who is the | What is the
Is there a | Are there any | Help me find the | What about the | How about the | And now also the
Now the | Draw a box around the | Put a tight bounding box around the
Give me the bounding box of the | Return the coordinates of the | What are the coordinates of the
Pinpoint the exact location of the | Provide a mask for the
Please provide the bounding box coordinates of the region this sentence describes: the
Can you tell me where I can find the | Tell me which one is the | I wonder where to find the
Identify and segment the | Find and then highlight the | Locate, please, the | Let's find the
Take a look at the | Keep your eye on the | Turn your attention to the | Hone in on the
Track down the | Search the image for the | In this picture, find the | From the photo pick the
Find in this image the | OK, now show me the | Hey there, can you find the | Next, find the
First: locate the | Would you mind pointing out the | Any chance you could find the
Is it possible to segment the | Have you seen the | Did anyone notice the
I need the location of the | Your task is to locate the | Underline the | Go ahead and find the
Carefully locate the | Set your sights on the | How many of the | 1. Find the | - find the
FIND THE | Find all the | Find each of the | Show every | Spot | Spot that
"""
ENDS = """
. | ? | !!! | , please. | for me? | now | in this image. | in the picture? | located?
, where is it? | : where is he | , can you find it? | and mark it. | and highlight it in red
and tell me why. | and explain what it is. | if there is one | in JSON format | . Thanks!
"""
ASKINGS = _items(ASKED)
ENDINGS = ["", *_items(ENDS)]
THINGS = (
    "dog", "man other than R2", "person excluding R2", "guy near R3", "woman in red", "cup on the table",
    "person who is sitting",
    "player with the number 8", "sign that says “STOP”", 'sign that says "find me"',
    "person to the left of R2", "man looking at the camera", "girl pointing at the map",
    "kid whose hat is blue",
    "black and white cat", "mark on the wall", "light switch", "show jumper", "point guard", "spotted dog",
    "Mona Lisa", "iPhone", "boy with the letter A", "R2’s hat",
)  # fmt: skip


@pytest.mark.parametrize("asked", ASKINGS)
def test_words_that_only_ask_are_no_part_of_a_name(asked: str) -> None:
    assert [label(f"{asked} {thing}") for thing in THINGS] == list(THINGS)


@pytest.mark.parametrize("end", ENDINGS)
def test_words_that_only_ask_may_stand_at_the_end(end: str) -> None:
    space = "" if end[:1] in ".?!,:" else " "
    assert [label(f"Find the {thing}{space}{end}") for thing in THINGS] == list(THINGS)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # A relation belongs to the name, with the region in it.
        ("Find the person to the left of R2", "person to the left of R2"),
        ("Find the man other than the one in R2.", "man other than R2"),
        ("the cup next to it", "cup next to R1"),
        ("the man in its shadow", "man in R1's shadow"),
        ("Find the guy near the R2", "guy near R2"),
        ("touching both of them", "touching R2 and R3"),
        ("To the left of R2, find the dog.", "dog to the left of R2"),
        ("Excluding R2, who is wearing a hat?", "wearing a hat excluding R2"),
        ("On the table, where is the cup?", "cup"),
        ("the cup that R2 is holding", "cup that R2 is holding"),
        # A question about which one it is says what it is like.
        ("Which person is wearing a hat?", "person wearing a hat"),
        ("Which dog is the tallest?", "tallest dog"),
        ("Which of the people is closest to R1?", "people closest to R1"),
        ("Which man has a hat?", "man with a hat"),
        ("Which person isn't wearing a hat?", "person not wearing a hat"),
        ("Who has the ball?", "with the ball"),
        ("Who doesn't have a ball?", "without a ball"),
        ("What color is the dog?", "dog"),
        ("How many dogs are there?", "dogs"),
        ("Point to where the person is looking", "person looking"),
        # Words that ask elsewhere are nouns here.
        ("mark on the wall", "mark on the wall"),
        ("Find circle", "circle"),
        ("circle the red circle", "red circle"),
        ("Flag the flag pole", "flag pole"),
        ("box next to R2", "box next to R2"),
        ("Find the box of cereal", "box of cereal"),
        ("can of soda", "can of soda"),
        ("watch on R1's wrist", "watch on R1's wrist"),
        ("find people looking for something", "people looking for something"),
        ("Half the pizza", "Half the pizza"),
        ("Winnie the Pooh", "Winnie the Pooh"),
        # Verbs that are in no list.
        ("Weed out the tallest man", "tallest man"),
        ("Please underscore the title", "title"),
        ("Could you exhibit a dog", "dog"),
        # The sentence that asks, of several.
        ("Look at the picture. Where is the dog?", "dog"),
        ("There is a man in red. Find his hat.", "his hat"),
        ("Mr. Smith's car", "Mr. Smith's car"),
        ("Find the U.S. flag. It is small.", "U.S. flag"),
        ("Find Dr. Who", "Dr. Who"),
        ("Sorry, I meant the brown dog instead", "brown dog"),
        ("Find the dog\nand the cat", "dog"),
        ('Find the sign "No. Stop. Go." on the left', 'sign "No. Stop. Go." on the left'),
        # No name is in it.
        ("find the", "find the"),
        ("find it", "R1"),
        ("R1?", "R1"),
        ("the other one", "the other one"),
        ("?", "?"),
        ("👋", "👋"),
        ("find 🐶", "🐶"),
        # Nothing is left hanging, but for the small words that belong to a verb.
        ("Find the cup next to", "cup"),
        ("Find the man with a", "man"),
        ("Pick out the person who is", "person"),
        ("Find the person bending over.", "person bending over"),
        ("the one in between", "the one in between"),
    ],
)
def test_a_region_is_called_by_what_was_asked_for(question: str, expected: str) -> None:
    assert label(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Find the man next to the woman in the purple blazer.", "man next to the woman"),
        ("Find the person with a light yellow tie and glasses.", "person with a light yellow tie"),
        ("a guy with a red and white thing around his waist", "guy with a red and white thing"),
        # What sets it apart from a region is kept before other things.
        (
            "Find the person facing away from the screen, excluding R3.",
            "person facing away except R3",
        ),
        ("Find the person holding a wine glass who is closest to R2.", "person closest to R2"),
        (
            "Find the person wearing white clothes and standing, excluding R1.",
            "person wearing white clothes except R1",
        ),
        (
            "Find the full diamond-shaped kite, not the partial one, near the R2.",
            "full diamond-shaped kite, near R2",
        ),
        # … unless it is somebody else's.
        (
            "Find the player to the right of the player who is standing behind R1",
            "player to the right of the player",
        ),
        # A relative clause stays if there is room.
        (
            "Find the person who is bending down, excluding R3.",
            "person who is bending down, excluding R3",
        ),
        (
            "the woman who is facing away from the screen",
            "woman who is facing away from the screen",
        ),
        (
            "the laptop that is back to back with the typewriter",
            "laptop back to back with the typewriter",
        ),
        # Where no phrase ends, words do.
        (
            "Find the person in a partially visible brown leather jacket.",
            "person in a partially visible brown…",
        ),
        (
            "Find the guy whose elbow is touching the batter's glove.",
            "guy whose elbow is touching…",
        ),
        (
            "Find the sign saying “Please do not feed the animals in this zoo”",
            "sign saying “Please do not feed…”",
        ),
        ("x" * 60, "x" * 39 + "…"),
        ("猫" * 60, "猫" * 39 + "…"),
        ("कि" * 30, "कि" * 19 + "…"),
    ],
)
def test_a_long_name_ends_where_a_phrase_does(question: str, expected: str) -> None:
    assert label(question) == expected


ABROAD = """
请找出穿红衣服的人 → 穿红衣服的人
帮我找一下左边的狗 → 左边的狗
红色的狗在哪里? → 红色的狗
把红色的狗找出来 → 红色的狗
请问哪个是穿白衣服的女人？ → 穿白衣服的女人
狗在哪儿？ → 狗
請幫我找出穿紅衣服的人 → 穿紅衣服的人
图中的猫在哪里 → 猫
赤い犬はどこですか → 赤い犬
帽子をかぶった人を見つけてください → 帽子をかぶった人
猫を探して → 猫
画像の中の猫の場所を教えてください → 猫
빨간 모자를 쓴 사람을 찾아줘 → 빨간 모자를 쓴 사람
고양이 어디 있어? → 고양이
강아지는 어디에 있나요? → 강아지
개를 보여주세요 → 개
Finde den roten Hund → roten Hund
Zeige mir bitte die Frau im Bild → Frau
Wo ist der Hund? → Hund
Kannst du den Mann mit Hut finden? → Mann mit Hut
Trouve le chien → chien
Où est la femme en rouge ? → femme en rouge
Montre-moi l'homme à gauche → homme à gauche
Pouvez-vous trouver le chat, s'il vous plaît ? → chat
Encuentra el perro → perro
¿Dónde está el perro? → perro
Muéstrame la mujer de rojo → mujer de rojo
Busca al hombre con sombrero → hombre con sombrero
Onde está o cachorro? → cachorro
Me mostre o cachorro → cachorro
Encontre a menina de vermelho → menina de vermelho
Dov'è il cane? → cane
Trova l'uomo con il cappello → uomo con il cappello
Mostrami la donna in rosso → donna in rosso
Найди красную машину → красную машину
Где находится собака? → собака
Покажи мне кошку → кошку
Собака где? → Собака
लाल कुत्ता कहाँ है? → लाल कुत्ता
कुत्ते को ढूंढो → कुत्ते
मुझे लाल कार दिखाओ → लाल कार
أين الكلب؟ → الكلب
جد الرجل الذي يرتدي قبعة → الرجل الذي يرتدي قبعة
أرني السيارة الحمراء → السيارة الحمراء
kırmızı köpeği bul → kırmızı köpeği
Köpek nerede? → Köpek
Con mèo ở đâu? → Con mèo
Tìm con chó màu đỏ → con chó màu đỏ
Znajdź czerwony samochód → czerwony samochód
หาแมวสีดำ → แมวสีดำ
แมวอยู่ที่ไหน → แมว
请找出图片中最高的人。 → 最高的人
请问图里有没有狗？ → 狗
图片中有狗吗？ → 狗
你能找到那只猫吗 → 那只猫
你看到红色的车了吗 → 红色的车
能帮我找到拿着雨伞的女人吗？ → 拿着雨伞的女人
找到R1左边的人 → R1左边的人
R1左边的人在哪里 → R1左边的人
请标出所有的杯子 → 所有的杯子
圈出左边的男孩 → 左边的男孩
谁在骑自行车？ → 骑自行车
告诉我猫在哪 → 猫
找一下桌子上的手机 → 桌子上的手机
指出正在跑步的人 → 正在跑步的人
请指出穿蓝色衣服的男人 → 穿蓝色衣服的男人
框出画面左侧的椅子 → 画面左侧的椅子
请在图中找出穿红衣服的小女孩 → 穿红衣服的小女孩
给我看看那辆车 → 那辆车
手机在什么地方？ → 手机
定位红色汽车 → 红色汽车
识别图中的狗 → 狗
请分割出前景中的人物 → 前景中的人物
找找看，小猫在哪里呢？ → 小猫
除了R1以外的人 → 除了R1以外的人
找人 → 人
把它圈出来 → 把它圈出来
它在哪里 → 它在哪里
這張照片裡的狗在哪裡？ → 狗
幫我圈出戴帽子的人 → 戴帽子的人
赤い帽子の女の子を見つけて → 赤い帽子の女の子
左の男の人はどこにいますか？ → 左の男の人
犬はいますか？ → 犬
犬はどこ → 犬
R1の左にいる人を探してください → R1の左にいる人
一番大きい車を示してください → 一番大きい車
テーブルの上のコップを選んでください → テーブルの上のコップ
この写真に猫はいますか → 猫
傘を持っている人を教えて → 傘を持っている人
赤い車を囲んでください → 赤い車
これは何ですか → これは何ですか
青いシャツの男性をハイライトして → 青いシャツの男性
右側の椅子はどれですか？ → 右側の椅子
빨간 차를 찾아주세요 → 빨간 차
개가 어디에 있습니까? → 개
모자를 쓴 여자를 보여줘 → 모자를 쓴 여자
사람이 어디 있나요 → 사람
왼쪽에 있는 의자는 어디인가요? → 왼쪽에 있는 의자
이 사진에서 고양이를 찾아줘 → 고양이
R1 옆에 있는 사람을 찾아 → R1 옆에 있는 사람
가장 큰 차를 표시해줘 → 가장 큰 차
고양이를 골라줘 → 고양이
고양이 찾아줘 → 고양이
우산 든 사람 어디있어 → 우산 든 사람
Wo befindet sich das rote Auto? → rote Auto
Zeig mir den Mann mit dem Hut → Mann mit dem Hut
Bitte finde die Katze auf dem Bild. → Katze
Suche nach der Frau mit Brille → Frau mit Brille
Kannst du mir zeigen, wo der Hund ist? → Hund
Wer ist das neben R1? → neben R1
Markiere alle Stühle → alle Stühle
Finde den Mann außer R1 → Mann außer R1
Finde es → Finde es
Können Sie mir bitte die rote Tasse zeigen? → rote Tasse
Trouve la personne à gauche de R1 → personne à gauche de R1
Trouvez-moi le chien → chien
Où se trouve le vélo ? → vélo
Cherche l'homme au chapeau → homme au chapeau
Y a-t-il un chat ? → chat
Encuentra a la mujer con sombrero → mujer con sombrero
¿Dónde están los perros? → perros
¿Puedes encontrar el coche rojo? → coche rojo
¿Puedes mostrarme dónde está el gato? → gato
Muestra el perro → perro
¿Quién es el hombre a la izquierda de R1? → hombre a la izquierda de R1
¿Hay un perro en la imagen? → perro
¿Cuál es el coche más grande? → coche más grande
Señala a la persona más cercana a R1 → persona más cercana a R1
Quiero ver el perro → perro
Onde estão os cães? → cães
Você pode encontrar o carro vermelho? → carro vermelho
Encontre a pessoa à esquerda de R1 → pessoa à esquerda de R1
Qual é o carro maior? → carro maior
Dove sono i cani? → cani
Trova la persona a sinistra di R1 → persona a sinistra di R1
Puoi trovare la macchina rossa? → macchina rossa
Chi è l'uomo con il cappello? → uomo con il cappello
C'è un cane nella foto? → cane
Найдите человека слева от R1 → человека слева от R1
Где на фото собака? → собака
Где красная машина? → красная машина
Есть ли здесь собака? → собака
Покажите, где кошка → кошка
Можешь найти кошку? → кошку
Найди мне человека в шляпе, пожалуйста → человека в шляпе
Выдели все машины → все машины
क्या आप लाल कार ढूंढ सकते हैं? → लाल कार
टोपी वाला आदमी कहाँ है → टोपी वाला आदमी
R1 के बाईं ओर वाला व्यक्ति ढूंढें → R1 के बाईं ओर वाला व्यक्ति
कुत्ता दिखाइए → कुत्ता
कृपया बिल्ली को खोजें → बिल्ली
इस तस्वीर में कुत्ता कहाँ है? → कुत्ता
सबसे बड़ी कार को चिह्नित करें → सबसे बड़ी कार
أين الرجل الذي يرتدي القبعة؟ → الرجل الذي يرتدي القبعة
ابحث عن القطة → القطة
أين توجد السيارة الحمراء؟ → السيارة الحمراء
هل ترى كلبا؟ → كلبا
من هو الرجل بجانب R1؟ → الرجل بجانب R1
حدد موقع السيارة → السيارة
أوجد الشخص على يسار R1 → الشخص على يسار R1
من فضلك جد الكلب → الكلب
Waar is de hond? → hond
Zoek de rode auto → rode auto
Kun je de kat vinden? → kat
Gdzie jest pies? → pies
Pokaż mi kota → kota
Bana kırmızı arabayı göster → kırmızı arabayı
Kırmızı araba nerede? → Kırmızı araba
Hãy tìm người đàn ông đội mũ → người đàn ông đội mũ
Người phụ nữ ở đâu? → Người phụ nữ
Di mana anjing itu? → anjing itu
Cari mobil merah → mobil merah
แสดงรถสีแดง → รถสีแดง
ช่วยหาแมวให้หน่อย → แมว
หมาอยู่ไหน → หมา
Де собака? → собака
Quelle est la plus grande voiture ? → plus grande voiture
Il y a un chien ? → chien
Localise l'arbre → arbre
Hitta hunden → hunden
犬を検出 → 犬
"""


@pytest.mark.parametrize("line", ABROAD.strip().split("\n"))
def test_other_languages_ask_too(line: str) -> None:
    question, expected = line.split(" → ")
    assert label(question) == expected


PHRASES = st.lists(
    st.sampled_from(
        sorted(
            words(
                "the a dog man in of on with who is sitting excluding R1 R2 near it red and very find spot "
                "please where that has , . “STOP” next to left his looking at whose other than one not"
            )
        )
    ),
    min_size=1,
    max_size=40,
).map(" ".join)
NAMES = st.lists(
    st.sampled_from(sorted(words("dog cat red tall chair woman apple blue tower wooden lamp"))),
    min_size=1,
    max_size=5,
).map(" ".join)


@given(st.one_of(PHRASES, st.text(min_size=1, max_size=200)))
def test_a_label_is_one_short_line(question: str) -> None:
    assume(question.strip())
    found = label(question.strip())
    assert 0 < len(found) <= MAX_LABEL
    assert found == found.strip()
    assert "\n" not in found


@given(st.sampled_from(ASKINGS), NAMES, st.sampled_from(ENDINGS))
def test_a_label_is_made_of_what_is_between_the_words_that_ask(
    asked: str, name: str, end: str
) -> None:
    space = "" if end[:1] in ".?!,:" else " "
    found = label(f"{asked} {name}{space}{end}")
    assert name.startswith(found.rstrip("…").rstrip())


@given(PHRASES, PHRASES)
def test_a_label_ends_on_no_function_word(before: str, after: str) -> None:
    found = label(f"{before} dog {after}").split()
    assert found[-1].lower().rstrip("…") not in asking.HANGING or found == ["A"]


@given(
    NAMES,
    st.sampled_from(["in a", "near the", "who is", "excluding", "with", "next to the", "that has"]),
)
def test_what_is_left_hanging_is_left_out(name: str, hanging: str) -> None:
    assert label(f"Find the {name} {hanging}") == name


@pytest.mark.parametrize(
    "unit",
    [
        "please ", "find ", "the ", "x", "把", "a b, ", "“", "(", "and tell me ", "in the picture ",
        "where is it ",
        "next to R1, ", "who is ", "R1 ", "を見つけて", "le ", "the location of ", "which man is ",
        "dog, ", "คะ",
        "어디 ", "find the dog. ", "whose a ", ", excluding R1",
    ],
)  # fmt: skip
def test_long_questions_take_a_number_of_steps_in_proportion(unit: str) -> None:
    """Counted, not timed: twice the text is at most a little more than twice the steps."""
    short, long = (
        steps(
            partial(label_of, resolve((unit * (length // len(unit))).strip(), REGISTRY, last="R1"))
        )
        for length in (1_000, MAX_QUESTION)
    )
    assert long < 2.5 * short + 1_000
