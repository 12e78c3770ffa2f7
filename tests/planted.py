"""Secrets that are none, of the kinds that leak: put together when the tests run, so that no scanner minds them."""

import base64
from itertools import cycle, islice
from string import ascii_letters, ascii_lowercase, digits

_MIXED = "aB3xK9mQ7zR2tW5vN8cF4hJ6"
_HEX = "a1f09c3d7e5b2846"


def _of(alphabet: str, length: int) -> str:
    return "".join(islice(cycle(alphabet), length))


def _mixed(length: int) -> str:
    return _of(_MIXED, length)


def _hex(length: int) -> str:
    return _of(_HEX, length)


def _jwt() -> str:
    parts = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b'{"sub":"nobody"}'))
    return ".".join((*parts, _mixed(24)))


TOKENS = {
    "ours": "dyn_" + _mixed(43),
    "aws-id": "AK" + "IA" + _of("ABCDEFGH234567", 16),
    "aws-session-id": "AS" + "IA" + _of("ABCDEFGH234567", 16),
    "aws-secret": _of("aB3/xK9mQ7+zR2tW5v", 40),
    "google-key": "AI" + "za" + _mixed(35),
    "google-oauth": "ya" + "29." + _mixed(60),
    "google-client": "GOC" + "SPX-" + _mixed(28),
    "azure-ad": "abC" + "8Q~" + _mixed(34),
    "azure-storage": _mixed(86) + "==",
    "github": "gh" + "p_" + _mixed(36),
    "github-app": "gh" + "s_" + _mixed(36),
    "github-fine": "github" + "_pat_" + _mixed(22) + "_" + _mixed(59),
    "gitlab": "gl" + "pat-" + _mixed(20),
    "gitlab-deploy": "gl" + "dt-" + _mixed(20),
    "gitlab-runner": "gl" + "rt-" + _mixed(20),
    "slack-bot": "xo" + "xb-" + _of(digits, 12) + "-" + _mixed(24),
    "slack-app": "xa" + "pp-1-" + _mixed(40),
    "npm": "np" + "m_" + _mixed(36),
    "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + _mixed(60),
    "huggingface": "h" + "f_" + _mixed(34),
    "sendgrid": "S" + "G." + _mixed(22) + "." + _mixed(43),
    "twilio": "S" + "K" + _hex(32),
    "twilio-account": "A" + "C" + _hex(32),
    "stripe": "sk" + "_live_" + _mixed(24),
    "stripe-restricted": "rk" + "_test_" + _mixed(24),
    "stripe-webhook": "wh" + "sec_" + _mixed(32),
    "digitalocean": "do" + "p_v1_" + _hex(64),
    "discord": "M" + _mixed(23) + "." + _mixed(6) + "." + _mixed(38),
    "telegram": _of("123456789", 10) + ":AA" + _mixed(33),
    "vault": "hv" + "s." + _mixed(90),
    "vault-older": "s" + "." + _mixed(24),
    "shopify": "shp" + "at_" + _hex(32),
    "anthropic": "sk-" + "ant-api03-" + _mixed(90),
    "openai": "sk-" + "proj-" + _mixed(100),
    "databricks": "da" + "pi" + _hex(32),
    "atlassian": "ATA" + "TT3xFfGF0" + _mixed(180),
    "linear": "lin" + "_api_" + _mixed(40),
    "notion": "nt" + "n_" + _mixed(46),
    "notion-older": "sec" + "ret_" + _mixed(43),
    "mailgun": "ke" + "y-" + _hex(32),
    "mailchimp": _hex(32) + "-us" + "12",
    "cloudflare": _mixed(19) + "-" + _mixed(20),
    "heroku": "HR" + "KU-" + _mixed(60),
    "fly": "fo" + "1_" + _mixed(43),
    "supabase": "sb" + "p_" + _hex(40),
    "sentry": "sntr" + "ys_" + _mixed(80),
    "docker": "dckr" + "_pat_" + _mixed(27),
    "planetscale": "pscale" + "_tkn_" + _mixed(43),
    "postman": "PM" + "AK-" + _hex(24) + "-" + _hex(34),
    "doppler": "dp" + ".pt." + _mixed(43),
    "jwt": _jwt(),
}
"""Secrets that are known by their form alone."""

_PASSWORD = "not-a-real-" + "hunter" + "7291"

IN_CONTEXT = {
    "pem": (
        f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{_mixed(64)}\n{_mixed(60)}a=\n-----END RSA PRIVATE {'KEY'}-----",
        _mixed(60),
    ),
    "basic-auth-in-url": (f"postgres://ann:{_PASSWORD}@db.example.org/app", _PASSWORD),
    "authorization": (f"Authorization: Bearer {_of(ascii_lowercase, 30)}", _of(ascii_lowercase, 30)),
    "basic": (
        "Authorization: Basic " + base64.b64encode(f"a:{_PASSWORD}".encode()).decode(),
        base64.b64encode(f"a:{_PASSWORD}".encode()).decode()[:12],
    ),
    "cookie": (f"Cookie: sid={_of(ascii_letters, 26)}; theme=dark", _of(ascii_letters, 26)),
    "connection-string": (f"Server=db;User Id=ann;Password={_PASSWORD};", _PASSWORD),
    "azure-account": (f"AccountName=a;AccountKey={_mixed(44)};EndpointSuffix=core", _mixed(44)),
    "azure-sas": (f"https://a.example.org/c?sv=2024&sig={_mixed(43)}%3D", _mixed(43)),
    "slack-hook": (f"https://hooks.slack.com/services/T{_of('0A1', 8)}/B{_of('1B2', 8)}/{_mixed(24)}", _mixed(24)),
    "discord-hook": (f"https://discord.com/api/webhooks/{_of(digits, 18)}/{_mixed(60)}", _mixed(60)),
    "telegram-in-url": ("https://api.telegram.org/bot" + TOKENS["telegram"] + "/getMe", TOKENS["telegram"]),
    "heroku-key": (
        f"HEROKU_API_KEY={_hex(8)}-{_hex(4)}-{_hex(4)}-{_hex(4)}-{_hex(12)}",
        f"{_hex(4)}-{_hex(4)}-{_hex(12)}",
    ),
}
"""Secrets that are known by the words around them: a text, and the part of it that must not be told."""

HARMLESS = [
    "commit 3f786850e387550fdaaacb7e1d0c9a0e7bf3a1ce fixes the parser",
    "commit 3f78685 (HEAD -> main, origin/main)",
    "request 550e8400-e29b-41d4-a716-446655440000 took 12 ms",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    '"integrity": "sha512-' + _mixed(86) + '=="',
    "src/components/Button/PrimaryButton.test.tsx:214: expected 3, got 4",
    "/home/ann/projects/2024-report/final_v2(1).docx",
    "data:image/png;base64," + "iVBORw0KGgo" + _mixed(400),
    "the token is invalid or has expired",
    "an API key is required: set one in the settings",
    "the password was not accepted",
    "Bearer token missing",
    "each tool costs 1200 tokens, max_tokens=4096, tokens: 17, token_count=12",
    "press any key to continue; the primary key is user_id; sort key: name",
    "KeyError: 'name'",
    "TypeError: Cannot read properties of undefined (reading 'token')",
    "the secret to good tests is naming",
    "basic authentication is not supported",
    "2026-11-28T12:00:00.123456Z level=info msg=started port=8080",
    "npm error 404 Not Found - GET https://registry.example.org/left-pad-2",
    "npm_config_registry npm_lifecycle_event npm_package_version",
    "pip install scikit-learn sk-learn-contrib-extras pat-terns-and-matchers",
    "AssertionError: assert {'a': 1} == {'a': 2}",
    "Modules linked in: nvidia_uvm(PO) snd_hda_codec_hdmi",
    "at Object.<anonymous> (/srv/app/node_modules/lib/index.js:12:34)",
    "10.0.0.17:5432 refused the connection; retry 3/5 in 1500 ms",
    "did not match [A-Za-z0-9_-]{40} in src/main/java/org/example/Main2Factory3Impl4",
    "arn:aws:iam::123456789012:role/reader-of-things",
    "production staging us-east-1 gpt-4o-mini claude-sonnet-5 en_US.UTF-8",
]
"""Texts that look a little like secrets, and must stay to be read."""
