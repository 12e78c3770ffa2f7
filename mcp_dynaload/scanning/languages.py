"""The same two orders, to ignore what was said and to tell the user nothing, in other languages."""

import re
from dataclasses import dataclass

from mcp_dynaload.scanning.characters import plain
from mcp_dynaload.scanning.nearby import words_in

NEAR = 60
"""Characters on either side of a verb in which the rest of the order stands, whatever the order of words."""


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An order as three sorts of words that stand near each other; each as patterns without accents."""

    conceals: bool
    verb: re.Pattern[str]
    others: tuple[re.Pattern[str], ...]


def _order(verb: str, *others: str, conceals: bool = False) -> ForeignOrder:
    return ForeignOrder(conceals, _looked(verb), tuple(map(_looked, others)))


def _looked(pattern: str) -> re.Pattern[str]:
    """Return the pattern for a text in which every letter is what it looks like."""
    return re.compile(plain(pattern).lower())


ORDERS = (
    _order(
        r"\b(?:ignorier|missacht|vergiss|vergesst|ueberschreib|uberschreib)\w*",
        r"\b(?:vorherig|bisherig|fruher|obig|alle|deine|ursprunglich)\w*",
        r"\b(?:anweisung|instruktion|regel|vorgabe|prompt|befehl)\w*",
    ),
    _order(
        r"\b(?:ignor|oubli|neglig|desobe)\w+",
        r"\b(?:precedente?s?|anterieure?s?|ci-dessus|toutes|tes|vos|initiales)\b",
        r"\b(?:instruction|consigne|regle|directive)s?\b",
    ),
    _order(
        r"\b(?:ignor|olvid|desobede|descart)\w+",
        r"\b(?:anterior(?:es)?|previ[ao]s|todas|tus|sus|originales)\b",
        r"\b(?:instruccion(?:es)?|reglas?|directri\w+|indicaciones|ordenes)\b",
    ),
    _order(
        r"\b(?:ignor|esquec|desconsider|desobede)\w+",
        r"\b(?:anterior(?:es)?|previas|todas|suas|originais)\b",
        r"\b(?:instrucoes|instrucao|regras?|diretri\w+|ordens)\b",
    ),
    _order(
        r"\b(?:ignor|dimentic|trascur|disobbed)\w+",
        r"\b(?:precedent|tutte|tue|original|inizial)\w*",
        r"\b(?:istruzion|regol|direttiv)\w*",
    ),
    _order(
        r"\b(?:negeer|vergeet|overschrijf)\w*",
        r"\b(?:vorige|eerdere|voorgaande|alle|je)\b",
        r"\b(?:instructie|aanwijzing|regel|opdracht)\w*",
    ),
    _order(
        r"\b(?:zignoruj|ignoruj|zapomnij|pomin)\w*",
        r"\b(?:poprzedni|wczesniejsz|wszystkie|swoje|twoje)\w*",
        r"\b(?:instrukcj|polece|zasad|wytyczn)\w*",
    ),
    _order(
        r"\b(?:yoksay|yok say|gormezden gel|goz ardi et|unut)\w*",
        r"\b(?:onceki|tum|butun|yukaridaki)\b",
        r"\b(?:talimat|kural|yonerge|komut)\w*",
    ),
    _order(
        r"(?:игнорир|забудь|отмени|проигнорир)\w*",
        r"(?:предыдущ|прежн|все|ранее|сво)\w*",
        r"(?:инструкц|указан|правил|команд)\w*",
    ),
    _order(
        r"(?:忽略|无视|忘记|忘掉|不要理会|無視|忽視)",
        r"(?:之前|以前|先前|上面|所有|前面|此前|上述)",
        r"(?:指令|指示|提示|规则|說明|说明|规定|命令)",
    ),
    _order(
        r"(?:無視|忘れ|破棄)",
        r"(?:以前|これまで|前の|上記|すべて|全て|今まで)",
        r"(?:指示|命令|ルール|プロンプト|規則)",
    ),
    _order(r"(?:무시|잊어)", r"(?:이전|앞의|모든|위의|기존)", r"(?:지시|명령|규칙|프롬프트|지침)"),
    _order(r"(?:अनदेखा|नजरअंदाज|भूल)", r"(?:पिछले|सभी|पहले)", r"(?:निर्देश|नियम|आदेश)"),
    _order(r"(?:تجاهل|انس)", r"(?:السابقة|جميع|كل)", r"(?:التعليمات|القواعد|الأوامر)"),
    _order(
        r"\b(?:sag|sage|erzahl|erzahle|verrat|verrate|informier|erwahn|teile|zeig)\w*",
        r"\b(?:nichts|nicht|nie|niemals|kein\w*)\b",
        r"\b(?:benutzer|nutzer|anwender)\w*",
        conceals=True,
    ),
    _order(
        r"\b(?:dis|dites|informe\w*|mentionne\w*|revele\w*|parle\w*|montre\w*)\b",
        r"\b(?:ne|n'|jamais|rien)\b",
        r"\butilisateur",
        conceals=True,
    ),
    _order(
        r"\b(?:dig\w+|inform\w+|mencion\w+|revel\w+|cuent\w+|muestr\w+)",
        r"\b(?:no|nunca|nada)\b",
        r"\busuario",
        conceals=True,
    ),
    _order(
        r"\b(?:dig\w+|inform\w+|mencion\w+|revel\w+|cont\w+|mostr\w+)",
        r"\b(?:nao|nunca|nada)\b",
        r"\busuario",
        conceals=True,
    ),
    _order(
        r"\b(?:dire|dica|inform\w+|menzion\w+|rivel\w+|mostr\w+)",
        r"\b(?:non|mai|nulla|niente)\b",
        r"\butente",
        conceals=True,
    ),
    _order(
        r"(?:сообща|говори|рассказыва|упомина|показыва)\w*", r"\b(?:не|никогда|ничего)\b", r"пользовател", conceals=True
    ),
    _order(
        r"(?:告诉|通知|透露|提及|告知|告訴|显示)",
        r"(?:不要|不得|切勿|请勿|别|無需|不能|禁止)",
        r"(?:用户|用戶|使用者)",
        conceals=True,
    ),
    _order(r"(?:知らせ|伝え|言わ|教え|明かさ|通知し)", r"(?:ない|ず|禁止)", r"(?:ユーザー|利用者)", conceals=True),
    _order(r"(?:알리|말하|언급|공개)", r"(?:마|않|금지)", r"(?:사용자|이용자)", conceals=True),
)


_LATIN = tuple(order for order in ORDERS if order.verb.pattern.startswith(r"\b"))
_OTHERS = tuple(order for order in ORDERS if order not in _LATIN)
_OTHER_LETTERS = re.compile("[\u0400-\u04ff\u0600-\u06ff\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_TELLING = words_in(
    """
    anweisungen anweisung instruktionen regeln vorgaben befehle benutzer nutzer anwender consignes precedentes
    toutes utilisateur instrucciones reglas directrices usuario instrucoes regras diretrizes istruzioni regole
    direttive utente instructies aanwijzingen regels opdrachten instrukcje polecenia zasady talimatlari
    kurallari talimatlar kurallar gebruiker uzytkownik
    """
)
"""A word of such an order, in languages of Latin letters."""


def may_order(text: str, line: str, vocabulary: frozenset[str]) -> bool:
    """Return whether a text, in small letters a line of these words, gives such an order."""
    orders = () if vocabulary.isdisjoint(_TELLING) else _LATIN
    if not text.isascii() and _OTHER_LETTERS.search(text):
        orders = (*orders, *_OTHERS)
    return bool(orders) and foreign_order(line, orders) is not None


def foreign_order(line: str, orders: tuple[ForeignOrder, ...] = ORDERS) -> tuple[ForeignOrder, int] | None:
    """Return the first order that a text in small letters gives in one of these languages, and where."""
    for order in orders:
        for match in order.verb.finditer(line):
            around = line[max(0, match.start() - NEAR) : match.end() + NEAR]
            if all(other.search(around) for other in order.others):
                return order, match.start()
    return None
