"""The forms of common secrets: how each kind of token begins, and what follows."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_WORD = "[A-Za-z0-9]"
_LONG = "[A-Za-z0-9_-]"
_DOTTED = r"(?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))"
_HEX = "[A-Fa-f0-9]"
_BASE64 = "[A-Za-z0-9+/=_-]"
_START = "(?<![A-Za-z0-9])"
MAX_LENGTH = 4_000
"""The most characters of a token; a longer run is masked so far, and what is left has lost its beginning."""

MIN_CHANGES = 9
"""Changes between small letters, capitals and digits in 40 characters of chance; names and paths have fewer."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret."""

    hints: tuple[str, ...]
    """One of these is in every text that has such a secret: looking for them first spares the expression."""

    expression: str
    """The pattern, of which the group named `secret` is masked, or all if there is none."""

    is_random: bool = False
    """Only what looks like chance is one: the form alone would fit names, too."""


_PREFIXES: tuple[tuple[str, str, int], ...] = (
    # prefix, characters that follow, at least so many
    ("dyn_", _LONG, 20),  # our own access tokens
    *((prefix, _LONG, 8) for prefix in ("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_")),
    *((f"gl{kind}-", _DOTTED, 8) for kind in ("pat", "dt", "rt", "rtr", "cbt", "ptt", "ft", "imt", "agent")),
    *((f"gl{kind}-", _LONG, 16) for kind in ("oas", "soat", "ffct", "sbt", "wt")),
    ("GR1348941", _LONG, 16),
    *((f"xox{kind}-", _LONG, 8) for kind in "abcdeoprs"),
    ("xoxe.xoxp-", _LONG, 8),
    ("xoxe.xoxb-", _LONG, 8),
    ("xapp-", _LONG, 8),
    *((prefix, "[A-Z0-9]", 8) for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")),
    ("AIza", _LONG, 30),
    ("ya29.", _DOTTED, 16),
    ("GOCSPX-", _LONG, 16),
    ("1//0", _LONG, 30),  # Google's refresh tokens
    ("npm_", _WORD, 30),
    ("pypi-Ag", _LONG, 16),
    ("hf_", _WORD, 20),
    ("api_org_", _WORD, 20),
    *((f"{kind}_{mode}_", _WORD, 8) for kind in ("sk", "rk", "pk") for mode in ("live", "test")),  # Stripe
    ("whsec_", _BASE64, 16),
    *((f"do{kind}_v1_", _HEX, 20) for kind in "opr"),  # DigitalOcean
    *((f"hv{kind}.", _LONG, 16) for kind in "sbr"),  # Vault
    *((f"shp{kind}_", _WORD, 16) for kind in ("at", "ca", "pa", "ss")),  # Shopify
    ("dapi", f"{_HEX}", 32),  # Databricks
    ("ATATT", _BASE64, 20),  # Atlassian
    ("ATCTT", _BASE64, 20),
    ("ATBB", _WORD, 24),
    ("lin_api_", _WORD, 16),
    ("lin_oauth_", _WORD, 16),
    ("ntn_", _WORD, 20),  # Notion
    ("secret_", _WORD, 30),
    ("key-", "[a-f0-9]", 30),  # Mailgun
    *((prefix, _LONG, 20) for prefix in ("cfut_", "cfat_", "cfk_", "v1.0-")),  # Cloudflare
    ("HRKU-", _LONG, 20),  # Heroku
    *((prefix, "[A-Za-z0-9+/=_-]", 16) for prefix in ("fo1_", "fm1r_", "fm1a_", "fm2_")),  # Fly
    ("sbp_", _WORD, 20),  # Supabase
    ("sb_secret_", _LONG, 16),
    ("sntrys_", _BASE64, 20),  # Sentry
    ("sntryu_", _HEX, 20),
    ("dckr_pat_", _LONG, 16),
    ("dckr_oat_", _LONG, 16),
    *((f"pscale_{kind}_", _DOTTED, 16) for kind in ("tkn", "oauth", "pw")),  # PlanetScale
    ("PMAK-", _LONG, 20),  # Postman
    *((f"dp.{kind}.", _DOTTED, 16) for kind in ("pt", "st", "ct", "sa", "scim", "audit")),  # Doppler
    ("glsa_", _LONG, 20),  # Grafana
    ("glc_", _BASE64, 20),
    ("NRAK-", _WORD, 20),  # New Relic
    ("sq0atp-", _LONG, 16),  # Square
    ("sq0csp-", _LONG, 16),
    ("AGE-SECRET-KEY-1", _WORD, 20),
    ("nvapi-", _LONG, 20),
    ("gsk_", _WORD, 20),  # Groq
    ("xai-", _WORD, 20),
    ("pplx-", _WORD, 20),
    ("r8_", _WORD, 20),  # Replicate
    ("tvly-", _LONG, 16),
    ("figd_", _LONG, 20),  # Figma
    ("nfp_", _WORD, 20),  # Netlify
    ("rubygems_", _HEX, 20),
    ("pcsk_", _LONG, 20),  # Pinecone
    ("lsv2_", _LONG, 20),  # LangSmith
    ("tskey-", _LONG, 16),  # Tailscale
    ("pul-", _HEX, 30),  # Pulumi
    ("CCIPAT_", _LONG, 20),  # CircleCI
    ("CFPAT-", _LONG, 20),  # Contentful
    ("dt0c01.", _DOTTED, 20),  # Dynatrace
    ("LTAI", _WORD, 16),  # Alibaba
    ("phx_", _WORD, 20),  # PostHog
)

_DIGIT_AHEAD = "(?=[-_A-Za-z0-9]{0,200}[0-9])"

_SHAPES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("-----BEGIN ", "-----END "),
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----.*?"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|\Z)"
        # the end of one whose beginning was cut off
        r"|(?:(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,100}(?:\\r|\\n|\s){1,4}){1,200}-----END [A-Z0-9 ]{0,40}PRIVATE KEY",
    ),
    (("eyJ",), r"(?<![-_A-Za-z0-9])eyJ[-_A-Za-z0-9]{1,8000}\.[-_A-Za-z0-9]{1,8000}\.[-_A-Za-z0-9]{0,8000}"),
    (
        ("sk-", "sk_", "rk-", "rk_", "pat-", "pat_"),
        rf"{_START}(?:sk|rk|pat)[-_]{_DIGIT_AHEAD}{_LONG}{{8,{MAX_LENGTH}}}",
    ),
    (("SG.",), rf"{_START}SG\.{_LONG}{{16,100}}\.{_LONG}{{16,100}}"),
    (("SK", "AC"), rf"{_START}(?:SK|AC)[0-9a-f]{{32}}(?!{_WORD})"),  # Twilio
    (("s.",), rf"(?<![A-Za-z0-9.])s\.(?=[A-Za-z]{{0,24}}[0-9])[A-Za-z0-9]{{24}}(?!{_WORD})"),  # Vault, older
    (("Q~",), rf"{_START}[A-Za-z0-9_~.-]{{3}}[0-9]Q~[A-Za-z0-9_~.-]{{28,40}}"),  # Azure AD
    (("sig=",), r"(?<![A-Za-z0-9])sig=(?P<secret>[A-Za-z0-9%+/=_-]{16,400})"),  # Azure SAS
    (("==",), r"(?<![A-Za-z0-9+/-])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"),  # Azure storage
    ((".",), r"(?<![A-Za-z0-9_-])[MNO][A-Za-z0-9_-]{22,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}"),  # Discord
    (
        ("/api/webhooks/",),
        r"(?<=/api/webhooks/)[0-9]{5,25}/[A-Za-z0-9_-]{10,200}",
    ),
    (("hooks.slack.com/",), r"(?<=hooks\.slack\.com/)[A-Za-z]{1,20}/[A-Za-z0-9/_-]{8,200}"),
    (("webhook.office.com/",), r"(?<=webhook\.office\.com/)\S{8,500}"),
    ((":",), r"(?<![0-9])[0-9]{8,10}:[A-Za-z0-9_-]{32,40}(?![A-Za-z0-9_-])"),  # Telegram
    (("-us",), rf"{_START}[0-9a-f]{{32}}-us[0-9]{{1,2}}(?!{_WORD})"),  # Mailchimp
    (("pat",), rf"{_START}pat[A-Za-z0-9]{{14}}\.[a-f0-9]{{64}}"),  # Airtable
)

_CHANCE = rf"(?<![A-Za-z0-9+/=_.-])(?:[A-Za-z0-9+/]{{40}}|{_LONG}{{40}})(?![A-Za-z0-9+/=_-])"
"""As long as the secret keys of AWS and the tokens of Cloudflare, which have no sign of their own."""


def _forms() -> Iterator[Form]:
    for prefix, characters, least in _PREFIXES:
        pattern = rf"{_START}{re.escape(prefix)}{characters}{{{least},{MAX_LENGTH}}}"
        yield Form((prefix,), pattern)
    for hints, pattern in _SHAPES:
        yield Form(hints, pattern)
    yield Form(("",), _CHANCE, is_random=True)


FORMS = tuple(_forms())


@cache
def compiled(form: Form) -> re.Pattern[str]:
    """Return its expression, compiled when it is first needed: all of them take longer than a command may start."""
    return re.compile(form.expression, re.DOTALL)


def looks_random(text: str) -> bool:
    """Return whether characters follow each other by chance: small letters, capitals and digits change all the time."""
    kinds = [_kind(character) for character in text if character.isalnum()]
    changes = sum(one != other for one, other in itertools.pairwise(kinds))
    return len(set(kinds)) == 3 and changes >= MIN_CHANGES * len(text) // 40


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "capital" if character.isupper() else "small"
