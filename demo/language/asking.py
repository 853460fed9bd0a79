"""How people ask for things on a picture, in English: the data of `labels.py`."""

from __future__ import annotations

import re

from demo.language.lexicon import BE, LINKS, STOPS, words

TALK = BE | words(
    "please pls plz kindly now also and or then so just again ok okay maybe perhaps possibly "
    "simply quickly can could would will do does did may might should must can't cannot couldn't "
    "wouldn't won't don't doesn't didn't isn't aren't haven't i i'm i'd i'll i've you you'd you've "
    "we we're we'd we'll us me u he they that's there there's here's where where's which whichever "
    "what what's whatever who who's whoever whose how whether if let let's help try trying need "
    "want wants wanted wanna like love wish wonder wondering hoping know think im ive whats wheres "
    "whos cant lemme gimme lmk yo ya mind able carefully exactly precisely clearly accurately "
    "ahead go going come asked interested curious possible seeing seen saw looking searching "
    "hunting task meant"
)
"""Words that only ask, beside the verbs of asking."""

VERBS = words(
    "find locate identify recognize recognise detect pinpoint highlight segment select choose show "
    "give get see tell describe draw localize indicate isolate extract seek discover notice "
    "determine distinguish discern observe specify provide return output reveal search explain "
    "look focus concentrate zoom hone home zero point pick single call make click tap press touch "
    "trace encircle annotate designate fetch bring take keep pay turn guide lead direct navigate "
    "scan inspect examine analyze analyse consider spotlight underline emphasize emphasise expose "
    "uncover target capture present note attend lock filter sort ensure set shine move cast "
    "enumerate figure refer ground hunt put place add spot mark tag flag circle outline label box "
    "name view frame list mask display count crop catch check track watch finding locating "
    "identifying recognizing recognising pointing picking showing spotting highlighting marking "
    "selecting segmenting detecting telling giving outlining circling tagging flagging"
)
NOUNS_TOO = words(
    "spot mark tag flag circle outline label box name view frame list mask show display count crop "
    "catch check track watch touch press present target note lock sort set move cast tap click "
    "draw point pick focus ground place home can will"
)
"""Those that may as well be what is asked for: the mark *on the wall*, a *flag pole*."""
COMPOUNDS = words(
    "pole poles cutter truck trucks car cars tag tags plate badge tower strap jumper horse maker "
    "suit guard opener button face post posts screen room brush plate plates run"
)
PARTICLES = {
    "out": VERBS,
    "to": words(
        "able asked attend bring chance come direct go going guide help hoping in is lead like "
        "love me navigate need out please point pointing possible refer take task try trying up us "
        "want wanted way where wish you zoom"
    ),
    "for": words(
        "asked carefully check hoping hunt hunting image like look looking out photo picture scan "
        "search searching watch you"
    ),
    "of": words("all any chance each kind many one some sort type which"),
    "on": words("click concentrate focus in press tap up zoom"),
    "in": words("focus help home hone interested zero zoom"),
    "about": words("asked curious how me tell us what"),
    "at": words("carefully closely look looking point pointing"),
    "up": words("bring look pick"),
    "upon": words("concentrate focus"),
    "down": words("hunt track"),
    "closely": words("look"),
    "over": words("look"),
    "carefully": words("look"),
    "into": words("zoom"),
    "with": words("help"),
    "way": words("any"),
    "chance": words("any"),
    "idea": words("any"),
    "ahead": words("go"),
    "onto": words("lock"),
    "it": words("is"),
}
"""Small words and the words of asking after which they ask, too: look *for*, point *at*, zoom *in on*."""

ARTICLES = words("the a an any all some every each this that these those")
ATTRIBUTES = words(
    "color colour size shape kind type sort many much old tall big breed brand one ones"
)
"""What may be asked of a thing: what *color*, how *many*, which *one*."""

ABOUT_PICTURE = (
    r"(?:in|within|from|on) (?:this|the|that|your|my|our) (?:given )?(?:image|picture|photo|"
    r"photograph|scene|screenshot)"
)
BEFORE = re.compile(
    rf"{ABOUT_PICTURE}(?!\w),? |for (?:me|us),? |"
    r"(?:your|the) (?:task|job|goal)(?: now)? is(?: to)? |(?:have|has|had) you |(?:have|has|had|"
    r"did|does|do|can|could) (?:anyone|anybody) (?=see|notice|spot|find|know)|(?:object|target|"
    r"query|question|task|user|item|text|prompt): |(?:have|take) an? (?:\w+ )?look (?:at|for) |"
    r"lock on to |(?:next(?: up)?|right|sure|great|thanks|thank you|good|perfect|nice|cool|alright|"
    r"hi|hello|hey|first|second|third|finally|lastly|last|instead|actually|sorry|wait|no|yes)[,:] ",
    re.IGNORECASE,
)
UNLISTED = re.compile(
    r"(?!\w+ing )[^\W\d]+(?: out(?= (?:the|an?|any|every|each) )|(?= (?:the|an?|any|every|"
    r"each) (?![A-QS-Z])))"
)
"""A verb of which none here needs to know: no noun has an article after it …"""
NO_VERBS = STOPS | words("half double twice quite rather such nothing except excluding")
JOINERS = words("please you to let's and then now also kindly just help")
"""… at the begin of a question, or after one of these."""
LOCATION = re.compile(
    r"(?:(?:exact|precise|correct|approximate|tight|pixel|2d|2D) )*(?:(?:location|position|"
    r"whereabouts|coordinates?|bounding[ -]box(?:es)?(?: coordinates?)?|bbox(?:es)?|"
    r"segmentation(?: mask)?|contours?|pixels) (?:of|for|around|containing|showing|covering|where)|"
    r"(?:region|area|object|thing)s? (?:in (?:the|this) (?:image|picture|photo) )?(?:according to|"
    r"(?:that|which) (?:best )?(?:match(?:es)?|fits?)|described by) (?:the|this) (?:description|"
    r"expression|sentence|phrase|text)|(?:region|area|object|thing)s? (?:containing|showing|"
    r"covering|called|named|described (?:as|by)|(?:that )?this sentence describes)|"
    r"(?:\w+ )?look at|(?:image|picture|photo|scene) for)(?!\w):? ?",
    re.IGNORECASE,
)
"""What is asked for where the thing is named only after it: the location of the dog."""
DRAWING = re.compile(
    r"(?:\w+ ){0,2}(?:box|mask|outline|rectangle|circle|polygon|frame|line) (?:around|round|"
    r"over)(?!\w) ?|(?:an? )?(?:\w+ )?(?:marker|pin|dot|cross|arrow|light|focus|look) (?:on|onto|"
    r"for|at|to)(?!\w) ?|(?:an? |the )?(?:\w+ )?mask (?:for|of)(?!\w) ?|(?:your |"
    r"my )?(?:\w+ )?(?:finger|sights?|eyes?|attention|gaze|cursor) (?:on|onto|at|to)(?!\w) ?|"
    r"into (?:focus|view) ",
    re.IGNORECASE,
)
"""What is drawn or turned to the thing, which is no part of its name: draw *a box around* the dog."""
DRAWS = words(
    "draw put place make add provide set shine keep turn direct pay bring move cast fix lay have"
)

NO_PREDICATE = ARTICLES | ATTRIBUTES | words("of")
PREDICATIVE = words(
    "which what whichever where how who does do doesn't don't isn't aren't wasn't weren't"
)
OWNERS = words("who which what")
_SUBJECT = r"^(?!R[0-9])((?:(?!who |whose |that |which |where )\S+ ){1,4}?)"
PREDICATES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"^(?:has|have) ", "with "),
        (r"^(?!R[0-9])(\w+(?: \w+)?) (?:is|are) the (\w+)$", r"\2 \1"),
        (rf"{_SUBJECT}(?:is|are|was|were)n['’]t ", r"\1not "),
        (rf"{_SUBJECT}(?:is|are|was|were) ", r"\1"),
        (r"^((?:\S+ ){1,2}?)(?:has|have) (?=an? |the |no |\w+s(?: |$))", r"\1with "),
    )
)
"""What makes a name of what is said of *which man*: is the tallest, isn't on the left, has a hat."""

_VERB = "|".join(sorted(VERBS, key=len, reverse=True))
_POLITE = (
    r"(?:(?:please|kindly|also|then|now|can you|could you|would you|will you|help me|let's) )*"
)
REQUEST = re.compile(
    rf"{_POLITE}(?:(?:{_VERB})(?: (?:me|us|out|for|at|on|up|to|in))*"
    r" (?:the|an?|any|all|every|each|my|this|that|these|those|where|which|who|what|both|two|three|"
    r"R[0-9]\S*)|where(?:['’]s| is| are)|is there|are there|do you see|can you see|"
    r"i['’]?m looking for)(?!\w)",
    re.IGNORECASE,
)
"""The begin of a clause that asks, after one that does not: on the left, *find the* …"""
QUESTION = re.compile(r"(?:which|what|who|whose)(?:['’]s)?(?!\w)", re.IGNORECASE)
PLACE = re.compile(
    r"(?:(?:just |right |directly )?(?:next to|(?:to|on|at) the (?:left|right|top|bottom)|(?:left|"
    r"right) of|beside|behind|between|near|above|below|under|underneath|beneath|in front of|inside|"
    r"opposite|closest to|within|in (?=R[0-9]))|"
    r"excluding|except|other than|apart from|aside from|besides|not counting|"
    r"unlike|without)(?!\w)",
    re.IGNORECASE,
)
"""Such a clause, where it says what sets the thing apart: *next to R1*, find …"""
PREPOSITION = re.compile(
    r"(?:of|in|on|at|from|among|amongst|between|out of|with)(?!\w)", re.IGNORECASE
)

AFTER = re.compile(
    rf"(?:,? (?:(?:that|which) )?(?:(?:is|are|was|were) )?(?:located |anywhere )?{ABOUT_PICTURE}"
    r"|,? (?:(?:please )?(?:and )?(?:thanks|thank you|thx)|please|pls|plz|asap|for me|for us|now|"
    r"too|as well|also|again|instead|if you can|if possible|if any|if there (?:is|are) (?:one|any|some)|ok|"
    r"okay|(?:will|would|can|could|won't) you|(?:is|are) (?:there|here)|(?:is |are )?(?:located|"
    r"situated)(?: at)?)"
    rf"|(?:,| and| then| please| [-–—])+ {_POLITE}(?:{_VERB})(?: me)? (?:it|them|him|her|one|"
    rf"R[0-9.]+)"
    r"(?: out| up| for (?:me|us)| (?:in|with) (?:a |an )?\w+)?|[,:]? (?:so )?(?:where|which|what|"
    r"who)(?:['’]s| is| are| was)? (?:it|he|she|they|that|this|those|R[0-9.]+)|[,:]? (?:do|can|"
    r"could|did) you (?:\w+ )?(?:it|him|her|them)|[,:]? (?:is |are )?where(?: exactly)?|(?:in|as|"
    r"using) (?:\[[^\]]*\]|(?:\w+ ){0,2}(?:json|format|coordinates)))$",
    re.IGNORECASE,
)
"""What may follow the thing that is asked for, and only asks: … *please*, … *where is it*."""
TASK = re.compile(
    r",? and (?:what|who|why|how|where) (?:is|are|was|were|do|does|did|many|much|it|he|she)\b.*$|"
    r",? (?:and|then|and then)(?: also| please)? (?:tell|explain|describe|say|return|output|report|"
    r"respond|answer|show|draw|give|segment|highlight|count)(?: me| us)? (?:the|a|an|it|its|him|"
    r"her|them|your|their|why|what|how|where|which|who|whether|if)\b.*$",
    re.IGNORECASE,
)
"""What else is to be done: … *and tell me why*."""

HANGING = words(
    "a an the of to from at with without for by into onto upon than as and or but nor not if "
    "because while who who's whom whose which which's that that's is are was were be been being "
    "has have had having its his their my your our this these those some any every each except "
    "excluding including neither very besides versus towards toward where when what could would "
    "it's he's she's they're"
)
"""A name does not end on these."""
LEFT_HANGING = (
    HANGING
    | (LINKS - words("up down off away"))
    | words(
        "other apart aside rather instead such her it just directly only not fully partially "
        "partly completely almost nearly slightly immediate farthest furthest wearing holding containing"
    )
)
"""Nor, where it was cut off, on these."""

EXCLUSIONS = words("excluding except other apart aside besides but not instead")

NO_NAMES = (
    ARTICLES | TALK | VERBS | LINKS | HANGING | words(
        "it its he him his she her they them their one ones thing things image picture photo "
        "photograph scene not no yes with without for here same else other hi hello hey thanks "
        "something my your our"
    )
) - NOUNS_TOO - words("like left right top bottom front")  # fmt: skip
"""At least one word must be left that is none of these."""
