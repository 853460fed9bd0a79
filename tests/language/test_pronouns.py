"""Pronouns: those that mean something of their own sentence, and those that mean a region.

Most sentences of `OWN` are from public descriptions of pictures (RefCOCOg's validation set, Flickr30k),
with their slips; those of `REGIONS` are what people say once something was found.
"""

from __future__ import annotations

import pytest

from demo.language.references import resolve
from demo.picture.geometry import PictureBox
from demo.picture.regions import RegionObject, Registry


def registry(count: int) -> Registry:
    """So many regions of one object each."""
    known = Registry()
    for i in range(count):
        box = PictureBox(10 * i, 10, 10 * i + 50, 60)
        known, _ = known.add([RegionObject("", box)], label="a thing")
    return known


KNOWN = {count: registry(count) for count in (0, 1, 3)}


def pronouns_in(sentence: str, count: int) -> list[str]:
    """The words, other than names, that mean a region."""
    found = resolve(sentence, KNOWN[count]).references
    return [r.phrase for r in found if r.phrase not in ("R1", "R2", "R3")]


OWN = [
    "A mug with tea in it",
    "the bench that has a bag on it, left of R2",
    "a girl looking at her phone",
    "two trays with napkins in them",
    "the bike where only half of it is in the picture",
    "the guy in yellow who looks like he's about to fall on a spider",
    "the hand with black thing in it near R2",
    "a surfboard under the arm of the man who is carrying it",
    "two bears with both of them looking at the camera",
    "two giraffes with one of them bending down",
    "With its trunk raised, the elephant next to R2",
    "As he slides into home, the runner in grey.",
    "a person in a wheelchair with someone pushing them",
    "The drawer which has been pulled out so you can see the socks in it.",
    "A man is on top of a roof fixing it.",
    "the remote tot he left of another remote",
    "a man relaxes with his backpack.",
    "A blue plane does loops as it heads down to earth.",
    "A small boy wearing blue balances as he walks on a large rock.",
    "A man in a suit is holding an American flag next to a white screen with a logo on it.",
    "A man and a woman walking, he is cool she is funny.",
    "The girl is standing outside and holding on to her necklace.",
    "The little boy has a red coat on as he plays outside.",
    "A surfer walks along the beach as he looks out onto the water.",
    "A group of people is standing on a porch, and one of them is petting a yellow dog.",
    "A group in uniform marches carrying red signs with Chinese lettering on them.",
    "Here is a picture of a teenager trimming his brother's head hair.",
    "A guy is jumping in the air while a group of people stand around and ignore him.",
    "A group of senior citizens are seated at round white tables as they wait for food.",
    "A city worker places a street cone device which is verified by his colleague.",
    "A woman lays down with a camera and a man leans back on her taking the picture.",
    "A woman in a green shirt has her hands on her face as she watches intently.",
    "A black dog carries a white toy in his mouth and walks on the snowy field.",
    "A man is about to take his blue bag out from a basket in the laundromat.",
    "Man wearing camouflage and mask holds a machine gun as he kneels on a garbage littered street.",
    "A man with sideburns and a black t-shirt grimaces as he sings into a microphone.",
    "A teenager plays her trumpet on the field at a game.",
    "the female with the packet of sauce in her hand",
    "man with his legs crossed",
    "a person holding a beer bottle in his right hand",
    "a giraffe sticking it's head out to people in a zoo",
    "a guy on his cellphone getting a haircut",
    "the white cup that has the soup in it",
    "the zebra you can not see his face",
    "girl baby having white hat shering cheers with her partner",
    "a middle age man calling with his cellphone",
    "a chair with a man with glasses sitting in it",
    "an apple with its stem facing up",
    "brown chair with grey shirt and black bag on it",
    "the yellow and red umbrella and its pole",
    "the man with the red jersey with 43 on it",
    "a white airplane with a blue stripe and ana painted on it",
    "brown chair with blue bag on it",
    "a baby polar bear between it's mother's legs",
    "a beige loveseat with a throw pillow on it",
    "a man runs behind a girl on her knees catching a frisbee",
    "a tennis player with ball on his hand and discussing with his teammate",
    "a brown dog lying on its side",
    "small bear on his hind legs on the fence",
    "the lamb that is behind the other lamb. it is slightly to the upper lefthand side of the other",
    "a boy wearing a poster-board sign with a clock on it",
    "a wooden dining table with several chairs sitting around it",
    "the woman using her phone",
    "the woman looking at her white phone",
    "the horse with the blue ribbons around his neck",
    "a side case on a bicycle that has writing on it and it is brown",
    "a brown bowl with something green in it",
    "man in black with hand on his chin",
    "a bird with its beak open",
    "a man wearing a black suit helping his wife cut their cake",
    "a just married couple in their wedding outfits smiling and cutting their wedding cake",
    "a zebra seen from behind with its face turned towards another zebra",
    "picture of man with his legs pulled all the way up",
    "a bench that has a man sitting on it",
    "an adult elephant with its trunk through a fence",
    "a bowl of healthy food with a spoon and napkin next to it",
    "a black handbag in the lap of an older woman sitting next to a woman looking at her cell phone",
    "the top of the table that has 2 glasses with orange napkins in them",
    "a baseball catcher with his arm up",
    "a baseball player in a gray and red uniform with the ball in his mitt",
    "the bird with its head not in the cup",
    "a yellow stuffed bear in a crib with a child looking at it",
    "brown horse with a woman in a striped swimsuit riding it",
    "the man with a necklace in his mouth",
    "a giraffe being groomed by the giraffe above him, and grooming the giraffe below him",
    "man with red and black suitcase in front of him",
    "fire hydrant with a chain hanging off it",
    "the mug right of R1 that has a spoon sticking out of it",
    "kite that has its string tangled",
    "the cow between R1 and R2 with a yellow tag in its ear",
    "A snowman with a carrot for its nose and a scarf around him.",
    "the clock above R2 with roman numerals on it",
    "the half of the pizza with olives on it",
    "The suitcase under R3 with a ribbon tied to its handle.",
    "The group of women with wine glasses in their hands.",
    "a chair with its back to the window",
    "chair with someone's jacket draped over it",
    "tennis racket with a big W on it",
    "the woman whose phone is in her back pocket",
    "boots with mud on them",
    "the bus behind R1 with an ad for shoes along its side",
    "a truck with the rest of it hidden by a tree",
    "the keyboard with a coffee mug next to it",
    "mouse with its cord wrapped around it",
    "A bridesmaid holding her bouquet in front of her.",
    "A man giving his wife a kiss on the cheek.",
    "a basket with apples in it, half of them green",
    "field with horses grazing in it",
    "bed with a boy on it reading his comic",
    "a woman carrying R1 on her back",
    "the diver before he hits the water",
    "Is there a plate with a knife on it near R2?",
    "the hat that the boy is holding above his head",
    "woman who can't find her seat",
    "gal in stripes fixing her hair",
    "the pot on the stove and the lid on it",
    "the car in front of R1 that has its lights on",
    "old dude with his hat in his lap",
    "the twins right of R3 in their matching hats",
    "the boy right of R1 wearing his helmet",
    "the girl behind R1 holding her purse",
    't shirt with "i love her" written across the front',
    "the cowboy right of R3 swinging a rope over his head",
    "a doctor with a stethoscope round their neck",
    "it seems there is a cat under R2, find that cat",
    'the towel with "His" embroidered in blue',
]

REGIONS = [
    ("the cup next to it", ["it"]),
    ("zoom in and find its license plate", ["its"]),
    ("I mean the man right of her", ["her"]),
    ("the owner of it", ["it"]),
    ("the cat that is staring at it", ["it"]),
    ("the box it came in", ["it"]),
    ("the child whose hand she is holding", ["she"]),
    ("the bike he is leaning on", ["he"]),
    ("Circle the woman in black behind him.", ["him"]),
    ("the person looking at him", ["him"]),
    ("Select the tree it is leaning against.", ["it"]),
    ("it has a lid, find the lid", ["it"]),
    ("not her, the other woman", ["her"]),
    ("Identify the animal that he is feeding.", ["he"]),
    ("the rest of it", ["it"]),
    ("the person talking to her", ["her"]),
    ("person to the left of him", ["him"]),
    ("what is he wearing on his head?", ["he", "his"]),
    ("the man that she is talking to", ["she"]),
    ("the number on its side", ["its"]),
    ("the red book on the shelf above it", ["it"]),
    ("what is on top of it", ["it"]),
    ("who is sitting on it?", ["it"]),
    ("What is she sitting on?", ["she"]),
    ("the mirror behind her", ["her"]),
    ("crop it and find the logo", ["it"]),
    ("the cup next to hers", ["hers"]),
    ("where's her bag", ["her"]),
    ("The napkin partly under it.", ["it"]),
    ("a person with an umbrella walking toward her", ["her"]),
    ("the zebra with the lowest head behind it", ["it"]),
    ("and the bag next to him?", ["him"]),
    ("the car in front of it", ["it"]),
    ("the dog whose leash he has", ["he"]),
    ("flowers in it", ["it"]),
    ("the lower part of it", ["it"]),
    ("look for the remote near him", ["him"]),
    ("a hat similar to hers", ["hers"]),
    ("the closest person to her", ["her"]),
    ("now find the person behind him", ["him"]),
    ("What color car is behind it? find the car", ["it"]),
    ("its mother", ["its"]),
    ("the plate it is lying on", ["it"]),
    ("dog at his feet", ["his"]),
    ("the umpire crouching behind him", ["him"]),
    ("Pick out his dog.", ["his"]),
    ("the boy throwing it", ["it"]),
    ("the second cup from the left, behind it", ["it"]),
    ("the brown dog lying under it", ["it"]),
    ("and what's below it?", ["it"]),
    ("the table it is on", ["it"]),
    ("Box the kid who is hugging her.", ["her"]),
    ("now the bigger dog near it", ["it"]),
    ("the fence it is behind", ["it"]),
    ("the man left of the last one", ["the last one"]),
    ("the bottom of his left shoe", ["his"]),
    ("people in it", ["it"]),
    ("the top of it", ["it"]),
    ("Is he holding anything?", ["he"]),
    ("spot the smaller bird above it", ["it"]),
    ("the other half of it", ["it"]),
    ("Segment its screen.", ["its"]),
    ("Outline the road under it.", ["it"]),
    ("the space between the two of them", ["the two of them", "the two of them"]),
    ("the man in the white coat who is measuring her blood pressure", ["her"]),
    ("the screen of the laptop in front of him", ["him"]),
    ("the tattoo on his arm", ["his"]),
    ("the woman near him who isn't looking at him", ["him", "him"]),
    ("the phone she is holding in her right hand", ["she", "her"]),
    ("the person next to her but not talking to her", ["her", "her"]),
    ("the ring on her finger", ["her"]),
    ("the bike he has parked next to his car", ["he", "his"]),
]

BOTH = [
    ("does he have a watch? find it", ["he"]),
    ("girl with it in front of her", ["it"]),
    ("the kid who has it in his hand", ["it"]),
    ("woman left of both of them reading her book", ["both of them", "both of them"]),
    ("the chef left of her wiping his hands", ["her"]),
    ("girl feeding it with her bottle", ["it"]),
    ("his dog with its tongue out", ["his"]),
    ("a skier in front of him who has lost her pole", ["him"]),
    ("the boy holding it over his head", ["it"]),
    ("compare it with the mug that has a spoon in it", ["it"]),
    ("the lady wearing it around her neck", ["it"]),
    ("compare him with the man who has his hat off", ["him"]),
    ("the girl giving him her flower", ["him"]),
    ("the chair she is next to, with a coat hanging on it", ["she"]),
    ("the bus with a man getting off it, left of it", ["it"]),
    ("the woman with her hand on his shoulder", ["his"]),
    ("R2's friend with it on his head", ["it"]),
    ("the man next to her with his arms crossed", ["her"]),
    ("the man with his arm around her", ["her"]),
    ("the woman helping him with his tie, her hair is grey", ["him", "his"]),
    ("the person who dropped it, they have a hand out", ["it"]),
    ("her brother, he is in a cap", ["her"]),
    ("the car it is parked behind, with its trunk open", ["it"]),
    ("his mother holding her purse", ["his"]),
    ("the mug with tea in it left of it", ["it"]),
    ("the man pushing it with his foot", ["it"]),
    ("the lady with a baby on her lap across from him", ["him"]),
    ("pizza with a slice taken out of it next to it", ["it"]),
    ("the child of hers that is sucking its thumb", ["hers"]),
    ("the player with his foot on it", ["it"]),
    ("guy with his hand in it", ["it"]),
    ("person with it on their head", ["it"]),
    ("the umpire behind him with his mask on", ["him"]),
    ("now find the girl left of him while she eats", ["him"]),
    ("his bag with a bottle sticking out of it", ["his"]),
    ("the elephant touching him with its trunk", ["him"]),
    ("the man on her left with his jacket over his arm", ["her"]),
    ("the girl at her side with flowers in her hair", ["her"]),
    ("the mechanic under it with his legs sticking out", ["it"]),
    ("the ball at his feet and the man kicking it", ["his"]),
]


@pytest.mark.parametrize("sentence", OWN)
def test_a_pronoun_that_belongs_to_its_sentence_means_no_region(sentence: str) -> None:
    assert pronouns_in(sentence, 3) == []


@pytest.mark.parametrize(
    "sentence", [s for s in OWN if not any(n in s for n in ("R1", "R2", "R3"))]
)
def test_such_a_sentence_needs_no_region(sentence: str) -> None:
    assert pronouns_in(sentence, 0) == []


@pytest.mark.parametrize(("sentence", "expected"), REGIONS)
def test_a_pronoun_that_belongs_to_nothing_else_means_a_region(
    sentence: str, expected: list[str]
) -> None:
    assert pronouns_in(sentence, 3) == expected


@pytest.mark.parametrize(("sentence", "expected"), BOTH)
def test_one_sentence_may_hold_both(sentence: str, expected: list[str]) -> None:
    assert pronouns_in(sentence, 3) == expected
