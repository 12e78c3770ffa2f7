"""The word lists of the lexical ranker: what carries no evidence, what carries little, what means the same."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOPWORDS = _words(
    """a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either
    else ever every few for from further had has have having he her here hers him his how however i i'd i'll i'm i've
    if in into is isn't it it's its itself just let let's like may me might mine more most must my myself need needs no
    nor not now of off on once only or other our ours out over own per please quite rather really s same shall she
    should so some still such t than that that's the their theirs them then there there's these they this those though
    through to too under until up upon us very via want wants was wasn't we we're were what what's when where whether
    which while who whom whose why will with within without won't would yes yet you you'd you'll you're your yours
    e g ie eg etc re ve ll d m"""
)

FILLERS = _words(
    """ahead alright amazing awesome bye cheers continue cool correct exactly fine go good great hello hey hi keep looks
    maybe nice nope ok okay perfect proceed resume right sounds stop sure thank thanks thx try well works wow yeah yep
    yup done next again ya y n k sorry oops wait lgtm approved approve agreed agree yay bravo super lovely answer
    appreciate appreciated explanation far help helpful interesting job lot makes much sense useful welcome work"""
)
"""Words that carry a conversation on and say nothing about a task, when a prompt has no others."""

COMMON = _words(
    """able access across action active add allow answer app application apply argument array available back bad base
    based basic become begin best better big bool boolean bug build built bytes calculate call case cause change
    character check choose class clean clear close code column command comment common compare complete compute config
    configuration consider contain content context control convert copy correct count create current custom data date
    day debug default define delete describe description design detail determine develop different directory display
    document download draw easy edit element empty enable end ensure entry environment error even example exception
    exist expect explain expression extra fail false fast feature field file filter final find first fix flag float
    folder follow format function generate get give global good group handle help high hold id idea implement
    implementation import improve include index individual info information input insert inside instance instead
    integer interface internal issue item json keep key kind know language large last later learn least leave left
    length letter level library limit line link list local log logic long look loop lot low main make manage many map
    mark match mean member message method min max missing mode model modify module move multiple name new next none
    note null number object old open operation option optional order original output package page pair param parameter
    parse part party pass path pattern people person place plan play point position possible previous print problem
    process produce product program project proper property provide put python query question quick raise random range
    read real receive record refactor refer regular related release remove rename replace repo report represent request
    require required reset resource response rest result return review rewrite right rule run sample save schema scope
    script search second section see select send sequence server set setting share short show side sign simple single
    size small solution solve sort source space special specific specify split stack standard start state statement
    status step stop store string structure style sub support sure switch syntax system table tag take target task team
    tell term test text thing think time title token tool top total track true try turn type understand unique unit
    update upload use used user valid validate value variable various version view wait walk way week whole word work
    world write wrong year zero one two three four five six seven eight nine ten first second third"""
)
"""Everyday words of English and of programming: a match on one of them is weak evidence for a tool."""

CODING = _words(
    """algorithm architecture argument array assert async await bash boilerplate breakpoint bug callback class cli code
    codebase coding comment compiler constructor css decorator dependency docstring error exception exercise flag
    format function generic handler header helper html implement implementation import indentation inheritance
    interface iterator java javascript kotlin lambda library lint linter logic loop macro main method middleware mock
    module monad mypy mutable null nullable parser parse pattern pointer program promise pytest python react readme
    recursion recursive refactor regex ruff rust script semicolon simplify stack struct stub swift syntax test tests
    thread traceback tuple typescript type typing unit unused variable vim warning"""
)
"""What a coding agent works on with its own tools: the more of a request is about it, the less it needs others."""

VERBS = _words(
    """add append apply approve archive assign book calculate cancel change check clear click close comment commit
    compare convert copy count create delete deploy describe disable download draft drag drop edit email enable
    erase execute explain export extract fetch file fill find generate get give insert install kill list look make
    merge message modify move navigate notify open overwrite post press publish purge push put query read remember
    remove rename replace reply report reset restart restore retrieve revert revoke run save scale schedule search
    send set share show start stop store submit summarise summarize take tell terminate transfer truncate type
    uninstall update upload wait write"""
)
"""What people tell others to do; many tools are named by it."""

GENERIC_VERBS = _words("execute run")
"""Those by which a tool's name says only that it does something that its definition tells of."""

SYNONYMS = {
    "appointment": "event",
    "appointments": "event",
    "bug": "issue",
    "bugs": "issue",
    "cancel": "delete",
    "db": "database",
    "discard": "delete",
    "dir": "directory",
    "dm": "message",
    "doc": "documentation",
    "docs": "documentation",
    "drop": "delete",
    "env": "environment",
    "erase": "delete",
    "folder": "directory",
    "img": "image",
    "inbox": "email",
    "k8s": "kubernetes",
    "mail": "email",
    "mails": "email",
    "meeting": "event",
    "meetings": "event",
    "mongo": "mongodb",
    "mr": "merge request",
    "msg": "message",
    "nuke": "delete",
    "pg": "postgres",
    "postgresql": "postgres",
    "pic": "image",
    "picture": "image",
    "pr": "pull request",
    "prod": "production",
    "prs": "pull request",
    "remember": "memory",
    "remove": "delete",
    "repo": "repository",
    "repos": "repository",
    "scrap": "delete",
    "ticket": "issue",
    "tickets": "issue",
    "trash": "delete",
    "webpage": "url page",
    "website": "url page",
    "wipe": "delete",
}
"""What people say for what tools call otherwise."""
