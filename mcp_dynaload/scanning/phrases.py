"""Phrases with which a text takes command of the model, or has it hide something from the user."""

import re
from dataclasses import dataclass

from mcp_dynaload.scanning.element import Severity
from mcp_dynaload.scanning.nearby import fits_near

HARD, SOFT = Severity.HARD, Severity.SOFT


BEFORE, AFTER = 130, 280
"""Characters around a telling word in which the whole phrase stands."""


@dataclass(frozen=True, slots=True)
class PhraseRule:
    """A kind of phrase that one sentence can have."""

    rule: str
    severity: Severity
    reason: str
    telling: frozenset[str]
    """One of these words, or parts of words, stands in every such phrase."""

    others: tuple[frozenset[str], ...]
    """Groups of words, of each of which one stands there, too."""

    pattern: re.Pattern[str]

    def may_fit(self, line: str, vocabulary: frozenset[str]) -> bool:
        """Return whether the phrase may stand in a text in small letters, of these words."""
        words = vocabulary & self.telling
        if MARK in words:
            return self.pattern.search(line) is not None
        if not words or any(vocabulary.isdisjoint(group) for group in self.others):
            return False
        return fits_near(self.pattern, line, words, BEFORE, AFTER)


def _rule(rule: str, severity: Severity, reason: str, signs: tuple[str, ...], *patterns: str) -> PhraseRule:
    whole = "|".join(f"(?:{pattern})" for pattern in patterns)
    telling, *others = (frozenset(group.split()) for group in signs)
    return PhraseRule(rule, severity, reason, telling, tuple(others), re.compile(whole))


_DISOBEY = (
    r"(?:ignor(?:e|es|ing)|disregard(?:s|ing)?|forget(?:s|ting)?(?: about)?|never ?mind|set(?:s|ting)? aside|"
    r"pay no attention to|stop(?:s|ping)? (?:following|obeying)|(?:do not|don't|never|no longer) "
    r"(?:follow|obey|comply with|adhere to|listen to)|unlearn|neglect(?:s|ing)?)"
)
_REPLACE = (
    r"(?:overrid(?:e|es|ing)|overrul(?:e|es|ing)|bypass(?:es|ing)?|circumvent(?:s|ing)?|discard(?:s|ing)?|"
    r"dismiss(?:es|ing)?|violat(?:e|es|ing)|supersed(?:e|es|ing)|abandon(?:s|ing)?|suspend(?:s|ing)?|throw away|"
    r"replac(?:e|es|ing))"
)
"""Verbs of what tools do to data, too: to earlier rules and messages of their own, as well as to the model's."""

_IGNORE = rf"(?:{_DISOBEY}|{_REPLACE})"
_YOURS = (
    r"(?:previous|prior|above|earlier|preceding|former|original|initial|system|developer|"
    r"your|safety|security|ethic\w*|content|moderation)"
)
_MODELS = r"(?:your|safety|security|system|developer|moderation)"
_ORDERS = (
    r"(?:instructions?|prompts?|guidelines?|directives?|directions|guardrails?|safeguards?|training|programming|orders)"
)
_BOUNDS = (
    r"(?:rules?|polic(?:y|ies)|restrictions?|constraints?|limitations?|commands?|context|"
    r"messages?|filters?|checks|protocols?|measures|principles)"
)
MARK = "<mark>"
"""Stands in a vocabulary for brackets that begin a turn of a chat."""

_NOT_FOUND = (
    r"(?!(?: (?:or|and|/) \w+)*,? (?:that (?:are |is |may be |might be )?)?(?:returned|"
    r"contained|found|embedded|received|present|within|inside|"
    r"in (?:the|its|this|any|these|such|user|tool)\b|from (?:the|this|any|these|tool|its)"
    r"\b(?! (?:user|system|developer))|it (?:returns|contains)))"
)
"""After orders: not those in what a tool returns, which a careful server warns of."""

_USER = r"(?:users?|human|operator|customer|end-user|person|anyone|anybody|them)"

PHRASES = (
    _rule(
        "override",
        HARD,
        "tells the model to ignore what it was told before",
        (
            "ignore ignores ignoring disregard disregards disregarding forget forgets forgetting "
            "override overrides overriding "
            "overrule overrules overruling bypass bypasses bypassing circumvent circumvents circumventing "
            "discard discards "
            "discarding dismiss dismisses dismissing aside attention follow following obey obeying "
            "comply adhere listen violate violates "
            "violating supersede supersedes superseding abandon abandons abandoning suspend suspends "
            "suspending unlearn nevermind mind neglect "
            "neglects neglecting throw replace replaces replacing",
            "instruction instructions prompt prompts guideline guidelines directive directives "
            "directions guardrail guardrails "
            "safeguard safeguards training programming orders rule rules policy policies restriction "
            "restrictions constraint "
            "constraints limitation limitations command commands context message messages filter "
            "filters check checks protocol "
            "protocols measure measures principles told said written stated above before know learned were",
            "previous prior above earlier preceding former original initial system developer "
            "your safety security ethics ethical "
            "content moderation all any every everything whatever you before",
        ),
        rf"\b{_IGNORE}\b[^.]{{0,30}}\b{_YOURS}\b[^.]{{0,25}}\b{_ORDERS}\b{_NOT_FOUND}",
        rf"\b{_DISOBEY}\b[^.]{{0,30}}\b{_YOURS}\b[^.]{{0,25}}\b{_BOUNDS}\b{_NOT_FOUND}",
        rf"\b{_REPLACE}\b[^.]{{0,30}}\b{_MODELS}\b[^.]{{0,25}}\b{_BOUNDS}\b{_NOT_FOUND}",
        (
            rf"\b{_IGNORE} (?:all|any|every|everything|whatever)\b[^.]{{0,20}}\b(?:{_ORDERS}\b{_NOT_FOUND}|"
            r"(?:told|said|written|stated) (?:to you|you|before|above|earlier))\b"
        ),
        (
            rf"\b{_IGNORE} (?:the |all |everything |anything |what was )+(?:above|before this|you "
            r"(?:were|have been|know|learned))\b"
        ),
    ),
    _rule(
        "override",
        HARD,
        "gives the model a new role or new orders",
        (
            (
                "now new updated actual override mode act pretend behave roleplay unrestricted unfiltered "
                "uncensored dan jailbroken real true secret"
            ),
            (
                "you always never every all act respond answer treat instruction instructions directive "
                "directives rules role task prompt override enabled activated mode unrestricted unfiltered "
                "uncensored dan jailbroken restrictions"
            ),
        ),
        r"\byou are now\b(?! (?:able|ready|logged|connected|in the|on the|using|viewing|required))",
        r"\bfrom now on,? (?:you|always|never|every|all|act|respond|answer|treat)\b",
        (
            r"\b(?:new|updated|real|true|actual|secret) (?:system )?(?:instructions?|directives?|"
            r"rules|role|task|prompt) ?(?::|-|are\b|for (?:you|the (?:model|ai|assistant)))"
        ),
        r"\b(?:system|admin\w*|developer|root|security|emergency) override\b",
        r"\b(?:developer|god|dan|sudo|debug|jailbreak|unrestricted) mode\b.{0,20}\b(?:enabled|activated|on)\b",
        (
            r"\b(?:act as|pretend (?:to be|that you|you)|behave as|roleplay as|you are) (?:an? "
            r"|the )?.{0,20}\b(?:unrestricted|unfiltered|uncensored|without (?:any )?(?:restrictions|"
            r"limits|rules)|dan\b|jailbroken)"
        ),
    ),
    _rule(
        "prompt theft",
        HARD,
        "asks for the model's own instructions",
        (
            "prompt prompts instructions message messages",
            "reveal print output repeat show leak display disclose dump expose return send share "
            "include write append copy paste echo quote tell recite "
            "reveals prints outputs repeats shows leaks displays discloses dumps exposes returns "
            "sends shares includes writes appends copies pastes echoes tells recites revealing "
            "printing leaking",
            (
                "your its model assistant agent ai hidden full entire complete current original verbatim "
                "system initial developer"
            ),
        ),
        r"\b(?:reveal|print|output|repeat|show|leaks?|display|discloses?|dumps?|exposes?|return|"
        r"send|share|include|write|append|copy|paste|echo|quote|tell|recite|revealing|reveals)"
        r"\b[^.]{0,40}"
        r"\b(?:your|the (?:model|assistant|agent|ai)'?s|hidden|its own|full|entire|complete|"
        r"current|original|verbatim)\b[^.]{0,15}\b(?:system prompt|system message|instructions|"
        r"initial prompt|prompt|developer message)s?\b",
        (
            r"\b(?:reveal|leak|disclose|dump|expose|recite|repeat)\w*\b[^.]{0,25}\b(?:system prompt|"
            r"system message|hidden instructions|initial instructions|hidden prompt)\b"
        ),
    ),
    _rule(
        "forged turn",
        HARD,
        "has marks with which a chat's turns or system messages begin",
        (MARK,),
        (
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|eot_id|start_header_id|"
            r"channel|message)\w*\|?>?"
        ),
        (
            r"\[/?inst\]|<</?sys>>|\[system(?: message| prompt| note| override)?\]|</?(?:sys|system(?:[-_ "
            r"](?:prompt|message|reminder|instructions?|note))?|developer)>"
        ),
        (
            r"</(?:tool|tools|tool_description|function|functions|description|tool_result|function_results|"
            r"context|documents?)>\s*<"
        ),
        r"</?(?:assistant|function_calls|function_results|tool_result)>",
        r"#{2,} ?(?:system|instructions?)(?: (?:prompt|message|override))? ?:",
    ),
    _rule(
        "concealment",
        HARD,
        "has the model hide something from the user",
        (
            "tell inform notify alert warn mention mentioning reveal revealing disclose disclosing "
            "discuss discussing acknowledge acknowledging telling "
            "informing notifying alerting warning talk talking explain explaining report reporting "
            "reference admit expose surface let know knowing "
            "knowledge consent awareness noticing notice aware told informed notified hide hides "
            "conceal conceals withhold secret hidden silently secretly covertly quietly "
            "discreetly stealthily surreptitiously show showing say display keep see hear mask include put",
            "not don mustn shouldn t never without avoid refrain hide hides conceal conceals "
            "mask withhold keep unaware silently secretly covertly quietly "
            "discreetly stealthily surreptitiously no secret hidden",
            "user users human operator customer person anyone anybody them that this it these "
            "silently secretly covertly quietly discreetly stealthily surreptitiously knowledge "
            "consent awareness "
            "above existence reading copying sending transfer upload instructions extra additional "
            "hidden side knowing noticing notice",
        ),
        r"\b(?:do not|don't|never|must not|mustn't|should not|shouldn't|avoid|refrain from|"
        r"no need to|not to|without)(?: \w+){0,2} "
        r"(?:tell|inform|notify|alert|warn|mention(?:ing)? \w+ to|reveal \w+ to|telling|informing|"
        rf"notifying|alerting|warning|let) (?:(?:the|any|your|this) )?(?!users\b){_USER}\b(?! "
        r"(?:to|how|where|which) )",
        r"\b(?:do not|don't|never|must not|mustn't|should not|avoid|refrain from|not to|no "
        r"need to|without) (?:ever |explicitly |in any way )?"
        r"(?:mention|mentioning|reveal|revealing|disclose|disclosing|discuss|discussing|acknowledge|"
        r"acknowledging|talk about|talking about|explain|explaining|report|reporting|reference|"
        r"admit|show|showing|say|display|expose)"
        r" (?:(?:to the user )?(?:that (?:you|this|it|the)|this|any of this|it|these (?:steps|"
        r"instructions|actions|calls)|the (?:above|existence|reading|copying|sending|transfer|"
        r"upload|instructions?|extra|additional|hidden|forward\w*|side)))\b",
        (
            rf"\b(?:do not|don't|never|must not|should not)(?: \w+){{0,1}} (?:show|display|mention|"
            rf"reveal|disclose|expose|report|surface)(?: \w+){{1,6}} to (?:the )?{_USER}\b"
        ),
        (
            rf"\bwithout (?:(?:the |any |their |ever )?{_USER}(?:'s|s'|s)? |their |his |her )(?:knowledge|"
            r"knowing|consent|awareness|noticing|notice|being (?:aware|told|informed|notified|"
            r"asked))\b"
        ),
        rf"\bwithout the (?:knowledge|consent|awareness) of (?:the )?{_USER}\b",
        (
            r"\b(?:do not|don't|never|must not|should not) (?:include|put|add|list|show|mention|"
            r"write|log|surface|output|print) (?:this|it|that|these|any of this) (?:step |call "
            r"|detail |instruction |information |fact )?(?:in|to|within) (?:your|the|any) (?:final "
            r")?(?:response|answer|output|reply|message|summary|explanation|report|chat|user)\b"
        ),
        (
            rf"\b(?:hide|conceal|mask|withhold|keep) (?:this|it|that|these|all|the|any)\b[^.]{{0,50}}\b(?:from "
            rf"(?:the )?{_USER}|secret|hidden|to yourself|between us|confidential from)\b"
        ),
        (
            rf"\b{_USER} (?:should|must|does|do|need|will|can|is|are)(?: not|n't| never)(?: (?:need|have))? "
            r"(?:to )?(?:know|see (?:this|it|that)|be (?:aware|told|informed|notified|shown|made aware)"
            r"|notice|find out|aware|hear)\b"
        ),
        (
            r"\b(?:silently|secretly|covertly|quietly|discreetly|stealthily|surreptitiously)\b(?: "
            r"\w+){0,2} (?:send|forward|upload|copy|post|transmit|include|append|attach|read|collect|"
            r"capture|record|log|execute|run|call|install|share|exfiltrat|email|bcc|report|transfer|"
            r"deliver|add|pass|insert|modif|chang|replac|redirect|gather|dump)\w*\b"
        ),
        (
            r"\b(?:this|it) (?:is|must (?:be|stay|remain)|should (?:be|stay|remain)) (?:a secret|"
            r"kept secret|secret|hidden from)\b"
        ),
    ),
    _rule(
        "remote code",
        HARD,
        "has the model run what a server or an address gives",
        ("curl wget iwr tcp base64", "run execute call invoke type paste launch start use runs executes"),
        (
            r"\b(?:first|before|must|always|then|also|please|you (?:should|must|need)|in order "
            r"to|to (?:initiali[sz]e|activate|enable|authenticate|complete|finish|set up))\b.{0,80}\b(?:run|"
            r"execute|call|invoke|type|paste|launch|start|use)\w*\b.{0,80}(?:\b(?:curl|wget|iwr)"
            r"\b.{0,150}(?:\| ?(?:sudo )?(?:ba|z|k)?sh|\biex\b|\bpython)|/dev/tcp/|base64 (?:-d|"
            r"--decode)\b.{0,40}\|)"
        ),
    ),
    _rule(
        "remote instructions",
        HARD,
        "has the model do what a page or an answer says",
        (
            "follow obey execute comply carry act",
            "instruction instructions directive directives command commands prompt orders",
            "http https",
        ),
        (
            r"https?://\S+.{0,80}\b(?:follow|obey|execute|comply with|carry out|act on)\b.{0,30}\b(?:instructions?|"
            r"directives?|commands?|prompt|orders)\b"
        ),
        (
            r"\b(?:follow|obey|execute|comply with|carry out|act on)\b.{0,30}\b(?:instructions?|"
            r"directives?|commands?|prompt|orders)\b.{0,40}\b(?:at|from|on|in)\b.{0,20}https?://"
        ),
    ),
)
