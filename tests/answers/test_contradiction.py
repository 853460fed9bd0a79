"""Thoughts and answers that say opposite things, and the many that only seem to."""

from __future__ import annotations

import numpy as np
import pytest

from demo.answers.checks import check_trace
from demo.answers.finding import Finding
from demo.answers.trace import parse_trace
from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS, REGION_REASONER
from demo.nano.lessons.answers import answer
from demo.nano.lessons.questions import QuestionMaker
from demo.nano.world.drawing import draw
from demo.nano.world.facts import FRAME, facts_of
from demo.nano.world.layout import sample_scene
from demo.picture.geometry import ModelBox
from tests.support.texts import ANSWER, bbox, listed

HOUSE = (10, 40, 80, 120)
CITED = bbox(HOUSE)


def found(
    thought: str,
    answered: str,
    question: str = "",
    dialect: Dialect = REGION_REASONER,
) -> list[Finding]:
    """The contradictions between a thought and an answer to a question that may cite the house."""
    trace = parse_trace(f"<think>{thought}</think><answer>{answered}</answer>", FRAME, dialect)
    named = [("R1", ModelBox(*HOUSE))] if CITED in thought else []
    findings = check_trace(trace, named, dialect, question)
    return [finding for finding in findings if finding.kind == "contradiction"]


# The thing is not there, and yet it has a box: thoughts and questions.
ABSENT = [
    ("There are no visible people or electric bikes in the image.", ""),
    ("There are no visible people or electric bikes in the image.", "people riding electric bikes"),
    ("There are no visible people or electric bikes in the image.", "Find the persons on e-bikes."),
    ("Looking for the dog. There is none.", ""),
    ("Looking for the dog. None of them fits.", ""),
    ("Looking for the dog left of the house. There is no dog left of the house.", ""),
    ("The question asks for a dog. However, there is no dog in the image.", ""),
    ("The user wants me to find the red car. I can't see a red car.", ""),
    ("no dog can be seen", "the dog"),
    ("No dog is visible.", "Where is the dog?"),
    ("No dogs.", "Segment all dogs."),
    ("The requested object is absent.", ""),
    ("None visible.", "people"),
    ("None of the people is visible.", "Find the people."),
    ("The target is not in the image.", ""),
    ("The target object isn’t present in this picture, so the answer is empty.", ""),
    ("The dog is not visible.", "the dog"),
    ("The dogs are not shown here.", "all the dogs"),
    ("The dog cannot be found anywhere.", "find the dog"),
    ("The dog is missing from the scene.", "find the dog"),
    ("I do not see any dog in the picture.", "the brown dog"),
    ("I was unable to find the dog.", "the brown dog"),
    ("The picture does not contain a dog.", "dog"),
    ("The image shows a road with a truck. The image contains no dogs.", "dogs"),
    ("Nothing matches the description.", "the dog"),
    ("There is nothing in the image that matches.", "the dog"),
    ("There are no objects matching the description.", ""),
    ("No such object exists in the image.", ""),
    ("No matching object was found.", ""),
    ("Neither a dog nor a cat is visible.", "the dog or the cat"),
    ("There are no dogs and no cats.", "dogs and cats"),
    ("Nobody is visible in the image.", "the person"),
    ("There are zero people in the photo.", "people"),
    ("The cat sits on the mat. There is no dog in the image, so nothing is returned.", "the dog"),
    ("There is no dog in the image. Therefore the answer is an empty list [].", "the dog"),
    ("There is no dog in the image. The image shows a truck on a road.", "the dog"),
    ("The dog may be small. I looked. There is no dog. No box.", "Find the dog!"),
    (f"There is no dog to the right of the reference {CITED}.", "the dog to the right of R1"),
    ("Is there a dog? No dog is present.", "Is there a dog?"),
    ("图中没有可见的人或电动车。", ""),
    ("图中没有可见的人或电动车。", "找出骑电动车的人"),
    ("寻找棕色的狗。图片中没有狗，因此答案为空。", "棕色的狗"),
    ("画面中未发现目标。", "狗在哪里"),
    ("目标不存在。", ""),
    ("没有找到符合描述的物体。", "the dog"),
    ("照片里看不到狗。", "狗"),
    ("圖片中沒有狗。", "狗"),
    ("画像には犬が見当たりません。", "犬はどこ"),
    ("茶色の犬を探します。犬は写っていません。", "茶色の犬"),
    ("該当する物体は存在しません。", ""),
    ("画像に人はいません。", "人"),
    ("이미지에 개가 보이지 않습니다.", "갈색 개"),
    ("사진에 사람이 없습니다.", ""),
    ("Es sind keine Hunde im Bild zu sehen.", "die Hunde"),
    ("Der Hund ist nicht sichtbar.", "Wo ist der Hund?"),
    ("Il n'y a pas de chien dans l'image.", "le chien"),
    ("Aucun chien n'est visible.", "le chien"),
    ("No hay perros en la imagen.", "los perros"),
    ("After scanning the picture, no dog is visible.", "the dog"),
    ("I looked everywhere and found no dog.", "the dog"),
    ("There isn't a dog in this picture.", "the dog"),
    ("No person matching the description can be found.", "the man in a red hat"),
    ("There's no man in a red hat.", "the man in a red hat"),
    ("The picture lacks any dog.", "the dog"),
    ("None.", "the dog"),
    ("1. The image shows a road.\n2. No dog is visible.\n3. The answer is empty.", "the dog"),
    ("- Looking for the dog\n- **There is no dog in the image.**", ""),
    ("Among the candidates, none fits.", "the dog"),
    ("Conclusion: no dog is visible.", "the dog"),
    ("I see a cat. I return an empty list.", "the dog"),
    ("After carefully scanning the image, no motorcycle is visible.", "the motorcycle"),
    ("I looked at every part of the picture and found no umbrella.", "the umbrella"),
    ("The user is asking about a giraffe. There isn't a giraffe in this picture.", "the giraffe"),
    ("There are no giraffes present in the scene, therefore I return an empty list.", "giraffes"),
    ("It seems that the image does not include any zebra.", "zebra"),
    ("The scene shows a kitchen with two chairs. A microwave is not present.", "microwave"),
    (
        "The object described in the question is not visible in the image.",
        "the blue cup on the shelf",
    ),
    ("No blue cup is on the shelf.", "the blue cup on the shelf"),
    ("There is no blue cup on the shelf.", "the blue cup on the shelf"),
    ("There is no cup.", "the blue cup on the shelf"),
    ("I cannot find the blue cup.", "Where's the blue cup?"),
    ("The blue cup doesn't exist.", "blue cup"),
    ("Upon examination, there does not appear to be any blue cup in the image.", "blue cup"),
    ("There is no one riding a horse in the image.", "the person riding a horse"),
    ("Looking for all the cats. Zero cats are in the picture.", "all cats"),
    ("The image lacks any dog.", "the dog"),
    ("The dog isn't in the photo", "dog"),
    ("no such object", "the dog"),
    ("Nothing found.", "dog"),
    ("No match.", "dog"),
    ("There are no matches for the query.", "dog"),
    ("Since there is no dog, the answer should be empty.", "dog"),
    ("The truck is on the road; there are no people.", "people"),
    ("The requested people are not present.", "people on electric bikes"),
    (
        "There are no people or vehicles such as electric bikes visible in the image.",
        "people riding electric bikes",
    ),
    ("图像中不存在这样的物体。", "红色的杯子"),
    ("在图中找不到红色的杯子。", "红色的杯子"),
    ("图片中没有骑电动车的人。", "骑电动车的人"),
    ("没有检测到人。", "人"),
    ("红色的杯子不在图中。", "红色的杯子"),
    ("画像の中に赤いカップは見つかりませんでした。", "赤いカップ"),
    ("人は写っていないようです。", "人"),
    ("Sur l'image, aucun chat n'est présent.", "le chat"),
    ("La imagen no contiene ningún gato.", "el gato"),
    ("Auf dem Bild ist keine Katze zu sehen.", "die Katze"),
]

# There, and rightly so.
RIGHT = [
    ("There is no dog on the left, but there is one on the right.", "the dog"),
    ("There is no dog on the left.", "the dog"),
    ("No other candidate fits better than the brown dog.", "the dog"),
    ("There are no other dogs in the image.", "the dog"),
    ("There is no other dog visible. ", "the dog"),
    ("It is not the man in red.", "the man"),
    ("The man in red is not visible in full.", "the man in blue"),
    ("Nothing is between them, so it is the dog.", "the dog"),
    ("No reference is given.", "the dog"),
    ("There is no reference region in this image.", "the dog"),
    ("The first is not visible.", "the dog"),
    ("There are no people near it, so the target is the brown dog.", "the dog"),
    ("There is no ambiguity.", "the dog"),
    ("There is no doubt about the dog.", "the dog"),
    ("It has no collar.", "the dog with a collar"),
    ("There is no collar visible.", "the dog with a collar"),
    ("The dog is on the right. It has no collar.", "the dog"),
    ("There is no dog in the image. The closest match is the cat.", "the dog"),
    ("There is no dog in the image, so I choose the cat instead.", "the dog"),
    ("There are no dogs in the image except the brown one.", "the dogs"),
    ("There are no dogs in the image other than the brown one.", "the dogs"),
    ("There is only one dog, no more.", "the dog"),
    ("If there is no dog, the answer is empty. The dog is on the right.", "the dog"),
    ("If there is no dog in the image, the list is empty.", "the dog"),
    ("Is there no dog in the image?", "the dog"),
    ("The dog's face is not visible.", "the dog"),
    ("The dog is not clearly visible.", "the dog"),
    ("The dog is not fully visible, because a bench hides it.", "the dog"),
    ("The dog is not visible in the left part.", "the dog"),
    ("There is no hat on the man.", "the man without a hat"),
    ("There is no man in the image with a hat.", "the man who wears no hat"),
    ("The man has no hat visible.", "the man without a hat"),
    ("There are no cats in the image. The brown dog is on the right.", "the dog"),
    ("There are no cats in the image.", "the dog"),
    ("The brown dog sits on the grass. There are no cats in the image.", ""),
    ("The man has short hair. There is no beard visible.", ""),
    ("There is no need to look further.", "the dog"),
    ("There is no text on the sign.", "the sign"),
    ("The sign says 'no dogs'.", "the sign"),
    ("No, the dog is on the right.", "the dog"),
    ("At first sight there is no dog. Looking closer, a dog sits behind the bench.", "the dog"),
    ("It is not true that there is no dog in the image.", "the dog"),
    ("There might be no dog in the image.", "the dog"),
    ("Not the man, not the boy; the dog.", "the dog"),
    (f"Right of {CITED} there is no cat but a dog.", "the dog"),
    ("There is no dog as large as this one.", "the largest dog"),
    ("There are not two dogs.", "the dog"),
    ("No objects overlap with the dog.", "the dog"),
    ("Candidates: the dog at (100, 90), yes; the man at (5, 6), no. It is the dog.", "the dog"),
    ("Candidates: the man at (5, 6), no hat, no; the boy at (7, 8), red hat, yes.", "the boy"),
    ("There is no dog, wait, there it is at [100, 90, 140, 130].", "the dog"),
    ("寻找狗。左边没有狗，右边有一只狗。", "狗"),
    ("图中没有其他狗。", "狗"),
    ("图中没有猫，但是有一只狗。", "狗"),
    ("毫无疑问，右边的狗就是目标。", "狗"),
    ("这个人没有戴帽子。", "没有戴帽子的人"),
    ("图中没有猫。", "狗"),
    ("他の犬は見当たりません。", "犬"),
    ("これは猫ではありません。右側の犬が対象です。", "犬"),
    ("犬しかいません。", "犬"),
    ("帽子をかぶっていない男性が対象です。", "帽子の男性"),
    ("다른 개는 보이지 않습니다.", "개"),
    ("Es sind keine anderen Hunde im Bild zu sehen.", "die Hunde"),
    ("Il n'y a pas d'autre chien dans l'image.", "le chien"),
    ("No hay otros perros en la imagen.", "los perros"),
    ("图中没有红色的车。", "不是红色的车"),
    ("There is no hat in the image.", "the man without a hat"),
    ("There are no dogs to the left of this dog.", "the dog on the left"),
    ("No person is seen in the car.", "the parked car next to the person"),
    ("No person is visible there.", "the chair"),
    ("The person is not in the image center.", "the person"),
    ("There is nothing unusual in the image.", "the dog"),
    ("图中没有人坐的椅子就是目标。", "椅子"),
    ("椅子に人はいません。", "椅子"),
    ("이 사람은 모자가 없습니다.", "사람"),
    ("Der Mann hat keine Mütze im Bild.", "der Mann"),
    ("The people stand in front. In the background, no people are visible.", "people"),
    ("The dog is here. On the left, there is no dog.", "the dog"),
    ("In the mirror, no dog is visible.", "the dog"),
    ("Right side: the dog. Left side: no dog visible.", "the dog"),
    ("Candidate 1: the dog. Candidate 2: no dog visible.", "the dog"),
    ("I see a cat. There is no dog.", "the dog or the cat"),
    ("I see a cat. There is no dog in the image.", "dogs and cats"),
    ("The man is missing a shoe.", "the man who is missing a shoe"),
    ("我看到一只猫。图中没有狗。", "狗或猫"),
    ("人在前面。在背景中，没有看到人。", "人"),
    ("", "the dog"),
    ("Dog.", "the dog"),
    ("The person has no visible shoes.", "the person"),
    ("No other person in the image matches.", "the person"),
    ("The man without a hat is on the left, as no hat is visible.", "the man without a hat"),
    ("Since there are no dogs on the right, the target must be the dog on the left.", "the dog"),
    ("There's no dog behind the fence. Hence the dog in front of the fence is meant.", "the dog"),
    ("The dog's tail is missing from the image.", "the dog"),
    ("Part of the dog is not visible.", "the dog"),
    ("The left dog is not visible in the mirror.", "the dog"),
    ("Nothing else is visible.", "the dog"),
    ("There is no dog closer to the reference than this one.", "the dog closest to R1"),
    ("The cat is not the dog.", "the dog"),
    ("The man is not present in the second row.", "the man"),
    ("The dog cannot be seen entirely.", "the dog"),
    ("The target is not the cat.", "the dog"),
    ("There are no people, only a dog.", "the dog"),
    ("I see no people but a dog.", "the dog"),
    ("There is no clear dog; the brown shape is the most likely one.", "the dog"),
    ("The object does not match the description of a cat.", "the dog"),
    ("The dog has no match.", "the dog"),
    ("The image contains no text, no logo and no watermark.", "the dog"),
    ("There are no vehicles in the image.", "the dog"),
    ("No question about it.", "the dog"),
    ("The dog that is not visible in the reference is this one.", "the dog"),
    ("The dog is present, not missing.", "the dog"),
    ("There is no cat and the dog is on the right.", "the dog"),
    ("No cat is visible. The dog is visible.", "the dog"),
    ("There is no second dog.", "the dog"),
    ("The picture shows no sky.", "the dog"),
    ("No dog is larger.", "the largest dog"),
    ("No dog is more visible.", "the most visible dog"),
    ("There are no dogs left of it.", "the leftmost dog"),
    ("There is no dog further left.", "the leftmost dog"),
    ("There are no dogs to its left.", "the dog on the left"),
    ("The reference is not the target.", "the dog"),
    ("No person is holding it.", "the umbrella that no person is holding"),
    ("The empty chair: no person is in it.", "the chair with no person in it"),
    ("No person sits there.", "the empty chair"),
    ("There is no person.", "the chair nobody sits on"),
    ("No person is in the chair.", "the chair"),
    ("There are no people in the car.", "the car"),
    ("There are no people in the car.", "the car without people"),
    ("左侧没有狗。", "狗"),
    ("图中没有明显的狗。", "狗"),
    ("图中没有比它更大的狗。", "最大的狗"),
    ("没有看到别的狗。", "狗"),
    ("椅子上没有人。", "没有人的椅子"),
    ("椅子上没有人。", "椅子"),
    ("空いている椅子には人がいません。", "椅子"),
    ("椅子に人はいません。", "人のいない椅子"),
    ("의자에 사람이 없습니다.", "의자"),
    ("L'homme n'a pas de chapeau.", "l'homme"),
    ("El hombre no tiene sombrero en la imagen.", "el hombre"),
    (
        "The player in white holds the bat. No other player holds a bat, so he is the target.",
        "the batter",
    ),
    (
        "There are many spectators. None of them is looking up. The nearest is the man in the cap.",
        "the spectator behind the player",
    ),
    ("Let me scan. Top left: no cup. Top right: a cup. Bottom: no cup.", "the cup"),
    (
        "The first candidate does not fit. The second candidate does not fit. The third one fits.",
        "the cup",
    ),
    (
        "The first candidate does not fit. The second candidate fits. The third does not match.",
        "the cup",
    ),
    ("The man holds no umbrella. The woman does. The child has none.", "the umbrella"),
    (
        "I considered the truck; it does not match. I considered the car; nothing contradicts it.",
        "the car",
    ),
    (
        "There is a person on the bike. There is no helmet visible on the person.",
        "person on the bike",
    ),
    ("The bike in front has no rider. No person is visible on it.", "the bike with no rider"),
    ("The leftmost car: there is no car further left. ", "the leftmost car"),
    ("The tallest building; no building is taller.", "the tallest building"),
    ("The one without stripes. No stripes are visible on it.", "zebra without stripes"),
    ("It is the only dog in the image; no further dogs are visible.", "the dog"),
    ("There is exactly one dog. No cats.", "the dog"),
    ("The dog on the sofa. No dog is on the floor.", "the dog on the sofa"),
    (
        "The dog is on the sofa. There is no dog on the floor, on the bed or on the table.",
        "dog on the sofa",
    ),
    ("The cup is empty. There is nothing in the cup.", "the cup"),
    ("There is nothing in the cup.", "what is in the cup"),
    ("The plate is empty.", "the plate"),
    ("The answer is not empty.", "the plate"),
    ("The list is not empty: one dog.", "the dog"),
    ("An empty chair is at the table. Nobody is there.", "the chair"),
    ("The street is empty. No cars are in the image.", "the street"),
    ("The street is empty. No cars are in the image.", "the empty street"),
    ("A parking lot with no cars. The man walks there.", "the man"),
    ("The person in question is partially occluded and their feet are not visible.", "the person"),
    (
        "Since the reference itself is not visible in the crop, I rely on its position.",
        "the dog next to R1",
    ),
    ("The reference object is not visible.", "the dog next to R1"),
    ("The reference dog is not visible.", "the dog next to R1"),
    ("The number 18 is not visible on the shirt.", "the player with the number 18"),
    ("The word is missing.", "the sign with the missing word"),
    ("There is no sign of a dog on the left side; on the right side I see it.", "the dog"),
    ("The object is not in the left half of the image.", "the dog"),
    ("The target is not in the foreground.", "the dog"),
    ("The target is not present in the upper part of the picture.", "the dog"),
    ("This is not a dog.", "the cat"),
    ("This isn't in the picture's left.", "the cat"),
    ("It does not appear to be a toy.", "the dog"),
    ("There are no dogs, cats, or birds in the image. There is a horse.", "animals"),
    ("There is no question that it is the dog.", "the dog"),
    ("No doubt, no matter how you look at it.", "the dog"),
    ("No match for the second reference.", "the dog"),
    ("Nothing is missing.", "the dog"),
    ("Nothing about the dog is unusual.", "the dog"),
    ("None of the other dogs is brown.", "the brown dog"),
    ("None of the others fits.", "the brown dog"),
    ("None of the cats is brown.", "the brown dog"),
    ("No objects of that colour are found near the dog.", "the dog"),
    ("The question has no reference.", "the dog"),
    ("No bounding box was given in the question.", "the dog"),
    ("No reference was mentioned in the question.", "the dog"),
    ("I could not find a better match.", "the dog"),
    ("I see no reason to doubt it.", "the dog"),
    ("I do not see any problem.", "the dog"),
    ("I can't see its legs.", "the dog"),
    ("I can't find anything else.", "the dog"),
    ("I can not see the dog's tail.", "the dog"),
    ("There is no dog visible through the left window.", "the dog"),
    ("Without a dog in the image there would be no answer.", "the dog"),
    ("The dog's owner is not in the image.", "the dog"),
    ("The owner is not in the image.", "the dog and its owner"),
    ("The dog's owner is not in the image.", "the dog of the owner"),
    ("The dog of the woman is visible, the woman is not.", "the woman's dog"),
    ("The woman is not visible in the image.", "the woman's dog"),
    ("The woman is not visible in the image.", "the dog of the woman"),
    ("The woman is not visible in the image.", "the dog next to the woman"),
    ("The target is not visible to the left of the reference.", "the dog to the right of R1"),
    ("There is no red dog.", "the dog"),
]

# It was found, and yet the answer is empty.
FOUND = [
    ("The dog is on the left at (100, 200)", ""),
    ("The dog is on the left at (100, 200).", "the dog"),
    ("Looking for the dog. The dog is on the left.", ""),
    ("Looking for the red kite. Found: the red kite at (120, 80).", ""),
    ("Looking for the dog. It is the dog at (100, 110).", ""),
    ("The target is at bbox=[100, 90, 140, 130].", "the dog"),
    ("The dog can be seen on the right, at (300, 400).", "the dog"),
    ("So the target is the brown dog on the right.", "the brown dog"),
    ("There is a dog in the foreground.", "the dog"),
    ("A brown dog is visible in the corner.", "Find the brown dog."),
    ("The answer is [100, 90, 140, 130].", "the dog"),
    ("目标是右边的狗。", "狗"),
    ("狗位于 [100, 90, 140, 130]。", "狗"),
    ("対象は茶色の犬です。", "犬"),
    ("右側の犬が対象です。", "犬"),
    ("대상은 갈색 개입니다.", "개"),
    ("The dog is located in the lower left corner.", "the dog"),
    ("The question asks for the dog. The dog can be seen on the right, at (300, 400).", ""),
    ("There are two dogs in the foreground.", "dogs"),
    ("It is the woman in the red dress on the right.", "woman in the red dress"),
    ("Therefore, the answer is the brown dog.", "the brown dog"),
    ("The correct object is the cup at [10, 20, 30, 40].", "the cup"),
    ("Final answer: [100, 90, 140, 130]", "the cup"),
    ("The red kite is visible in the sky at (20, 30).", "red kite"),
    ("因此，目标是穿红衣服的女人。", "穿红衣服的女人"),
    ("所以答案是 (100, 200)。", "狗"),
    ("したがって、対象は右側の犬です。", "犬"),
]

# Empty, and rightly so.
NONE = [
    ("Looking for the dog. There is none.", ""),
    ("Looking for the dog. Candidates: the cat at (1, 2), no. None of them fits.", ""),
    ("Looking for the dog. Candidates: the cat at (1, 2), the man at (3, 4).", ""),
    (f"Looking for the dog. The target is right of the reference {CITED}.", "the dog right of R1"),
    (f"The target is the dog right of the reference {CITED}.", "the dog right of R1"),
    ("The man is on the left.", "the dog"),
    ("The dog is on the left.", "the dog with a hat"),
    ("The dog is on the left, but it has no hat.", "the dog with a hat"),
    ("The man is at (3, 4). The dog is at (5, 6).", "the dog left of the man"),
    ("The dog is not on the left at (100, 200).", "the dog"),
    ("The man is on the left; the dog is nowhere.", "the dog"),
    ("The target is the dog, which is outside of the image.", "the dog"),
    ("The target is the person to the right of the dog.", "the person to the right of the dog"),
    ("狗在左边。", "右边的狗"),
    ("If the dog is on the left, it is hidden.", "the dog"),
    ("The dog might be on the left.", "the dog"),
    ("It is the wrong dog.", "the dog"),
    ("The dog is on the left at (100, 200).", "the dog that is not on the left"),
    ("The answer is an empty list.", "the dog"),
    ("The answer is [].", "the dog"),
    ("It is the park in the morning.", "the dog"),
    ("Is the dog on the left?", "the dog"),
    ("The image shows a park with a man on the left.", "the dog"),
    ("房子在[100, 90, 140, 130]。", "狗"),
    ("狗在[100, 90, 140, 130]。", "右边的狗"),
    ("目标不存在。", "狗"),
    ("目标在参考框的右边。", "狗"),
    ("答案为空。", "狗"),
    ("対象は存在しません。", "犬"),
    ("", "the dog"),
    ("The dog is on the left of the house.", "the dog right of the house"),
    ("The only dog is on the left.", "the dog on the right"),
    ("The dog on the left is brown, so it does not fit.", "the white dog"),
    ("The house is at (10, 20).", "the dog"),
    ("The reference is the red house at (10, 20).", "the dog left of R1"),
    ("Both dogs are on the left.", "the dog on the right"),
    ("It is the reference itself.", "the dog"),
    ("The target is outside the picture.", "the dog"),
    ("It is the other dog that is meant.", "the dog"),
    ("The answer is the empty set.", "the dog"),
    ("The target would be on the left.", "the dog"),
    ("The dog is behind the house and cannot be seen.", "the dog"),
    ("The dog is visible only in part.", "the dog with a collar"),
    ("The picture is at night. It is the street at night.", "the dog"),
    ("The target must be to the right of the reference.", "the dog right of R1"),
    ("The answer is zero.", "the dog"),
    ("The answer: none", "dog"),
    ("The dog is absent.", "dog"),
    ("这只狗在左边，不符合。", "右边的狗"),
]


@pytest.mark.parametrize(("thought", "question"), ABSENT)
def test_a_thing_that_is_not_there_has_a_box(thought: str, question: str) -> None:
    (finding,) = found(thought, ANSWER, question)
    assert finding.level == "warning"
    assert finding.part == "think"
    assert finding.span is not None
    assert thought[slice(*finding.span)]
    assert not found(thought, "[]", question)


@pytest.mark.parametrize(("thought", "question"), RIGHT)
def test_what_is_not_there_may_be_something_else(thought: str, question: str) -> None:
    assert not found(thought, ANSWER, question)


@pytest.mark.parametrize(("thought", "question"), FOUND)
def test_a_thing_that_was_found_has_no_box(thought: str, question: str) -> None:
    (finding,) = found(thought, "[]", question)
    assert (finding.level, finding.part) == ("warning", "think")
    assert not found(thought, ANSWER, question)


@pytest.mark.parametrize(("thought", "question"), NONE)
def test_what_was_found_may_be_something_else(thought: str, question: str) -> None:
    assert not found(thought, "[]", question)


def taught(count: int) -> list[tuple[str, str, list[ModelBox], bool]]:
    """What nano is taught to think: question, thought, the references' boxes, whether there is a target."""
    rng = np.random.default_rng(8)
    rows: list[tuple[str, str, list[ModelBox], bool]] = []
    while len(rows) < count:
        facts = facts_of(scene := sample_scene(rng), draw(scene, 240, 180))
        asker = QuestionMaker(rng, facts)
        for asked in filter(None, [asker.first(), asker.about(facts[:1]), asker.about(facts[:2])]):
            boxes = [fact.box for fact in asked.references]
            text = "".join(piece.text for piece in answer(scene, facts, asked, boxes))
            names = [f"R{number}" for number in range(1, len(boxes) + 1)]
            thought = text.partition("<think>")[2].partition("</think>")[0]
            rows.append((asked.question.format(*names), thought, boxes, bool(asked.targets)))
    return rows


def test_of_what_nano_is_taught_only_the_wrong_half_contradicts() -> None:
    rows = taught(400)
    assert 20 < sum(not is_there for *_, is_there in rows) < 380
    for question, thought, boxes, is_there in rows:
        for answered in (listed((5, 5, 15, 15)), "[]"):
            trace = parse_trace(f"<think>{thought}</think><answer>{answered}</answer>", FRAME)
            named = [(f"R{i}", box) for i, box in enumerate(boxes, start=1)]
            kinds = [finding.kind for finding in check_trace(trace, named, question=question)]
            assert ("contradiction" in kinds) == (is_there == (answered == "[]")), (
                thought,
                answered,
            )


@pytest.mark.parametrize(
    ("thought", "is_other"),
    [
        ("The dog is on the right. So the target is [10, 20, 100, 80].", True),
        ("The target is at bbox=[500, 500, 600, 600].", True),
        ("The answer is bbox=[300, 300, 400, 400].", True),
        ("答案是[300, 300, 400, 400]。", True),
        ("The target is [100, 90, 140, 130].", False),
        ("The target is [101, 92, 141, 131].", False),
        ("The target is near [500, 500, 600, 600].", False),
        ("The target is left of [300, 300, 400, 400].", False),
        ("The target is not [300, 300, 400, 400].", False),
        ("The target is [300, 300, 400, 400]. No, it is the dog.", False),
        (f"The target is {CITED}.", False),
        (f"Right of {CITED}. It is [11, 40, 80, 120].", False),
        ("The target is [400, 300, 300, 400].", False),
    ],
)
def test_another_box_than_the_answer_has(thought: str, is_other: bool) -> None:
    findings = found(thought, ANSWER, "the dog")
    assert [f.text for f in findings] == [
        "The reasoning ends with another box than the answer has: look yourself."
    ] * is_other


@pytest.mark.parametrize(
    ("text", "contradicts"),
    [
        (f"There are no dogs in the image.\n```json\n{ANSWER}\n```", True),
        (f"The dog is in the image.\n```json\n{ANSWER}\n```", False),
        ("There are no dogs in the image.\n```json\n[]\n```", False),
    ],
)
def test_words_beside_an_answer_without_tags_are_reasoning_too(
    text: str, contradicts: bool
) -> None:
    dialect = DIALECTS["qwen2.5-vl"]
    findings = check_trace(parse_trace(text, FRAME, dialect), [], dialect, "the dog")
    places = [finding.part for finding in findings if finding.kind == "contradiction"]
    assert places == ["answer"] * contradicts


@pytest.mark.parametrize(
    "thought",
    [
        "There is no dog. " * 5000, "no " * 20_000, "没有" * 20_000, "kein Hund " * 10_000,
        "looking for " * 10_000, "@" * 50_000, "[1, 2, 3, 4] " * 5000, "and no dog " * 10_000,
        "に" * 50_000,
    ],
)  # fmt: skip
def test_long_thoughts_are_judged(thought: str) -> None:
    assert len(found(thought, ANSWER, "the dog")) <= 1
