"""Local paths, tokens, passwords and e-mail addresses in a text, such as a source or a URL.

Crawled URLs are full of what only looks like them: `@handle`, `image@2x.png`, `?key=about-us`,
`?token=` of a page, `/home/` within a site. A check that cries at those would be switched off, so
a value must look like a secret, not only stand where one could.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

PATH = "a local path"
TOKEN = "an access token"
CREDENTIAL = "a credential in a URL"
EMAIL = "an e-mail address"

HIDDEN = "***"

_SHOWN = 160
_RANDOM = 16
_MOST_JUDGED = 200

_ROOTS = (
    "home|Users|root|mnt|tmp|var|opt|usr|etc|srv|l?scratch|gpfs\\d*|lustre|nfs|dbfs|fsx|efs|"
    "Volumes|private/(?:var|tmp)|work(?:space|dir)|kaggle/(?:input|working)|content/drive"
)
"""First parts of absolute paths that are on somebody's machine, wherever they stand in a text."""

_DATA_ROOTS = (
    "data\\d*|datasets?|disk\\d*|ssd|hdd|raid\\d*|work|projects?|storage|share|shared|export|"
    "cluster|ceph|afs|pfs|net|cache|models?|checkpoints?|ckpts?|outputs?|runs?|jobs?"
)
"""First parts of those that may also be within a site: the text has to be nothing but the path."""

_DATA_FILES = (
    "jsonl?|ndjson|parquet|arrow|feather|csv|tsv|txt|gz|zst|xz|bz2|zip|tar|warc|wet|wat|db|sqlite|"
    "pkl|npy|npz|h5|bin|pt|pth|ckpt|gguf|safetensors|py|ipynb|ya?ml"
)

_BLANK = "[ \\t\\r\\n]*"
_EDGE = "[ \\t\\r\\n\"'=:|,;(<>@]"

_PATHS = re.compile(
    f"(?:^|(?<={_EDGE}))(?:"
    "(?i:file):/+[^/\\s]|"
    "~/|"
    "[A-Za-z]:[\\\\/](?!/)|"
    "\\\\\\\\[\\w.$-]+\\\\|"
    f"/(?:{_ROOTS})/[^/\\s])"
    f"|^{_BLANK}(?:~[A-Za-z][\\w.-]*/|/(?:{_DATA_ROOTS})/[^/\\s]|"
    f"/[^\\s/?#][^\\s?#]*/[^\\s/?#]+\\.(?:{_DATA_FILES})\\s*$)"
)
_URLS = re.compile(r"(?<![\w+.-])(?!file:)[a-z][a-z0-9+.-]*://[^/\s][^\s|]*", re.I)

_PREFIXES = (
    "hf_|api_org_|gh[oprsu]_|npm_|github_pat_|pypi-|glpat-|ya29\\.|AIza|[rs]k_(?:live|test)_|eyJ|"
    "sk-|AKIA|ASIA|xox[a-z]-"
)
_TOKENS = re.compile(
    rf"(?<![A-Za-z0-9])(?={_PREFIXES})(?:"
    r"(hf_|api_org_|gh[oprsu]_|npm_)[A-Za-z0-9]{30,}|"
    r"(github_pat_|pypi-|glpat-|ya29\.)[\w-]{20,}|"
    r"(AIza)[\w-]{35}|"
    r"([rs]k_(?:live|test)_)[A-Za-z0-9]{16,}|"
    r"(eyJ)[\w-]{8,400}\.eyJ[\w-]{8,}(?:\.[\w-]*)?|"
    r"(sk-)[\w-]{20,}|"
    r"(AKIA|ASIA)(?=[A-Z]{0,15}\d)[A-Z0-9]{16}(?![A-Za-z0-9])|"
    r"(xox[a-z]-)(?=[A-Za-z-]{0,60}\d)[\w-]{10,})"
)

_USERINFO = re.compile(r"://([^/?#@\s:]*):([^/?#\s]+)@(?=[^\s/?#@])")

_NO_PASSWORD = re.compile(r"[*xX.…]+|[<{\[$].*|%7b.*", re.I)

_QUERY_KEYS = re.compile(r"(?<![\w.-])([\w-]+)=")
_QUERY_VALUE = re.compile(r"[^&;#\s\"'<>|]+")
_PASSWORDS = re.compile("password|passwd|passphrase|pwd|secret")
_KEYS = re.compile(
    "(?:x(?:amz|goog|ms))?(?:access|refresh|id|auth|oauth2?|api|bearer|session|security|user|"
    "private|bot|app|deploy)token|(?:client|app|api|shared)secret|"
    "x?(?:api|access|secret|private|auth|subscription)key|x(?:amz|goog)signature"
)
_LOOSE_KEYS = re.compile("token|key|sig|signature|auth|session")
_NO_SECRET = re.compile(
    r"[\W_]*|x+|\d{1,5}|(?:your|my|some|the|insert)\W?\w*.*|[<{\[$].*|%7b.*|"
    r"(?:none|null|nil|true|false|yes|no|on|off|undefined|redacted|hidden|demo|test|example|"
    r"sample|secret|token|password|passwort|passwd|key)\W?\w{0,4}|"
    r".*(?:forgot|forget|reset|recover|lost|lose|change|remind|restore|retrieve|require|protect).*",
    re.I,
)

_HOSTS = re.compile(r"@((?:[\w-]{1,63}\.){1,8}([^\W\d_]{2,24}))(?![\w-])")
_LOCAL_PART = re.compile(r"(?<![\w.+%@~-])\w[\w.+%-]{0,63}\Z")
_NO_TLD = re.compile(
    "png|jpe?g|jpe|gif|webp|avif|svg|bmp|ico|tiff?|heic|css|m?js|tsx?|jsx|json|map|xml|[xsp]?html?|"
    "php|aspx?|jsp|cgi|pdf|txt|csv|docx?|xlsx?|pptx?|webm|ogg|wav|woff|ttf|eot|gz|tgz|whl|jar|apk|"
    "exe|dmg|git|min|dev|rc|alpha|beta|next|latest|example|invalid|test|localhost|local"
)
_NO_HOST = re.compile(
    r"v?\d+\.\d+\..*|(?:.*\.)?example\.(?:com|org|net)|lists?\..*|(?:google|yahoo)groups\.com",
    re.I,
)
_LOGIN = re.compile(r"(?:://[^/?#\s]*|acct:)\Z", re.I)
_MESSAGE_ID = re.compile(r"\d{8,}[.-]")
_MAIL_ARCHIVE = re.compile(
    r"https?://(?:[\w-]+\.)*(?:(?:mail-?)?archives?|mailman|lists?|lore|marc|groups)\.", re.I
)
_HUB_ID_AT = re.compile(r"[\w.-]+/[\w.-]+@[\w./-]+")
_SURE_TLD = frozenset(["com", "org", "net", "edu", "gov"])


@dataclass(frozen=True)
class Marks:
    """What a text tells that may not be meant for the public.

    Attributes:
        kinds: `TOKEN`, `CREDENTIAL`, `EMAIL`, `PATH`; those that were found.
        shown: The text without it, cut to what surrounds it; paths are left in.
    """

    kinds: tuple[str, ...]
    shown: str


def private_marks(text: str) -> Marks | None:
    """Look for local paths, tokens, passwords and e-mail addresses.

    Args:
        text: A source, a URL, a generator or a parent, percent-encoded or not.

    Returns:
        What was found; None if there is nothing.

    Example:
        >>> private_marks("https://bob:hunter2@host.net/data?token=3f6c90b7e4d1a825")
        Marks(kinds=('a credential in a URL',), shown='https://bob:***@host.net/data?token=***')
        >>> private_marks("https://medium.com/@bob/how-to?key=about-us") is None
        True
    """
    kinds, hidden = _hide(text)
    if "%" in hidden:  # a URL within a URL, `bob%40host.net`
        more, decoded = _hide(unquote(hidden))
        if more:
            kinds, hidden = [*kinds, *(kind for kind in more if kind not in kinds)], decoded
    place = hidden.find(HIDDEN)
    if path := _PATHS.search(_URLS.sub("\0", hidden)):
        kinds.append(PATH)
        place = hidden.find(path[0]) if place < 0 else place
    return Marks(tuple(kinds), _around(hidden, place)) if kinds else None


def _hide(text: str) -> tuple[list[str], str]:
    """Put stars in place of all secrets; also tells which kinds there were."""
    kinds = []
    for kind, sign, hide in _RULES:
        if sign in text:
            before = text
            text = hide(text)
            if text != before and kind not in kinds:
                kinds.append(kind)
    return kinds, text


def _hide_emails(text: str) -> str:
    parts, end = [], 0
    for host in _HOSTS.finditer(text):
        user = _LOCAL_PART.search(text, max(end, host.start() - 64), host.start())
        if user and _is_email(text, user, host):
            parts += [text[end : user.start()], HIDDEN]
            end = host.start()
    return "".join([*parts, text[end:]])


def _token(match: re.Match[str]) -> str:
    prefix = next(group for group in match.groups() if group)
    if prefix == "sk-" and not any(_is_random(part) for part in re.split("[-_]", match[0])):
        return match[0]  # a slug, such as `sk-learn-for-beginners`
    return prefix + HIDDEN


def _userinfo(match: re.Match[str]) -> str:
    user, password = match.groups()
    if user.lower() in ("anonymous", "guest") or _NO_PASSWORD.fullmatch(password):
        return match[0]
    return f"://{user}:{HIDDEN}@"


def _hide_query(text: str) -> str:
    parts, end = [], 0
    for key in _QUERY_KEYS.finditer(text):
        if key.start() < end:
            continue
        value = _QUERY_VALUE.match(text, key.end(), key.end() + _MOST_JUDGED)
        if value and _is_secret(key[1], value[0]):
            parts += [text[end : key.end()], HIDDEN]
            end = _QUERY_VALUE.match(text, key.end()).end()  # type: ignore[union-attr]
    return "".join([*parts, text[end:]])


def _is_secret(key: str, value: str) -> bool:
    key = key.lower().replace("-", "").replace("_", "")
    if _PASSWORDS.fullmatch(key):
        secret = len(value) >= 5
    elif _LOOSE_KEYS.fullmatch(key):
        secret = _is_random(value)
    elif _KEYS.fullmatch(key):
        secret = len(value) >= 8 and any(c.isdigit() for c in value) and not value.isdigit()
    else:
        return False
    return secret and not _NO_SECRET.fullmatch(value)


def _is_email(text: str, user: re.Match[str], host: re.Match[str]) -> bool:
    """Whether `user@host` is one, and no handle, login, file, version or id of a message."""
    name, top = host[1], host[2].lower()
    return not (
        _NO_TLD.fullmatch(top)
        or _NO_HOST.fullmatch(name)
        or user[0] == "git"
        or _LOGIN.search(text, max(0, user.start() - 80), user.start())
        or _MESSAGE_ID.match(user[0])
        or _MAIL_ARCHIVE.match(text)
        or (top not in _SURE_TLD and _HUB_ID_AT.fullmatch(text))
    )


def _is_random(value: str) -> bool:
    """Whether letters and digits follow each other as in a key, and not as in words and numbers."""
    value = unquote(value)
    if len(value) < _RANDOM or value.isdigit() or not any(c.isdigit() for c in value):
        return False
    kinds = [
        "d" if c.isdigit() else "u" if c.isupper() else "l" if c.isalpha() else "-" for c in value
    ]
    pairs = [(a, b) for a, b in pairwise(kinds) if "-" not in (a, b)]
    turns = sum(a != b for a, b in pairs)
    digits = sum("d" in (a, b) and a != b for a, b in pairs)
    return digits >= max(3, len(value) / 8) or turns >= 0.45 * len(value)


def _around(text: str, place: int) -> str:
    """A text cut to what surrounds a place in it."""
    start = max(0, place - _SHOWN // 2)
    end = start + _SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _hide_tokens(text: str) -> str:
    return _TOKENS.sub(_token, text)


def _hide_passwords(text: str) -> str:
    return _USERINFO.sub(_userinfo, text)


_RULES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    (TOKEN, "", _hide_tokens),
    (CREDENTIAL, "@", _hide_passwords),
    (CREDENTIAL, "=", _hide_query),
    (EMAIL, "@", _hide_emails),
)
"""Kind, what a text must hold to have one, and what hides it; in this order."""

SUSPECTS = (
    rf"(?:^|[^A-Za-z0-9]|%[0-9A-Fa-f]{{2}})(?:{_PREFIXES})|"
    r"[^/@\s](?:@|%40)[^/\s]|"
    r"(?i:token|key|secret|sig|signature|auth|session|password|passwd|passphrase|pwd)(?:=|%3[dD])|"
    rf"(?:^|{_EDGE})(?:~|\\\\|[A-Za-z]:[\\/]|(?i:file):/|/(?:{_ROOTS})/)|^{_BLANK}/"
)
"""A pattern of RE2 that every text with a mark matches, and few others do."""
