"""The sentences about refusals: what happened, with Kaggle's own reason, and the next step."""

import re

SETTINGS_PAGE = "https://www.kaggle.com/settings"
# The words are those on Kaggle's page.
GET_KEY = (
    f"Make a token at {SETTINGS_PAGE}/api (Generate New Token) and set KAGGLE_API_TOKEN to it, or "
    "save it as ~/.kaggle/access_token. Or make a key there (Create Legacy API Key): its file is "
    "~/.kaggle/kaggle.json, its two parts are KAGGLE_USERNAME and KAGGLE_KEY."
)
# Another server never gets what is stored for Kaggle.
SET_KEY = "Set KAGGLE_USERNAME and KAGGLE_KEY to a user and a key of that server."
_PART = 6  # so many characters of a secret in a row are hidden wherever they stand

# By status; where it is not here, REFUSED.
REFUSALS = {
    401: "{server} does not accept the credentials{source} ({said}). {get_key}",
    403: (
        "{server} denies access to {slug} ({said}). Accept its rules at {rules_url} (only there), "
        "or check the competition's name: one that does not exist is answered in the same way."
    ),
    404: (
        "{server} did not find what was asked for while {doing} for {slug} ({said}). "
        "Check the competition's name: it should have a page at {url}."
    ),
    407: (
        "The proxy on the way to {server} wants a user and a password ({said}). Write them into "
        "its address, as in https_proxy=http://user:password@host:3128."
    ),
    429: (
        "{server} had too many requests while {doing} ({said}). "
        "Wait some minutes and run the command again."
    ),
}
# What else a 403 can be about, by Kaggle's reason; the first that fits says the next step.
_RULES = r"\brules?\b|rulesacceptance|competitions\.participate"
_DENIALS = (
    (
        r"phone|\bsms\b|verif|identity|captcha",
        f"Verify your account at {SETTINGS_PAGE}, then run the command again.",
    ),
    (
        r"leaderboard",
        "Its leaderboard is hidden, or not shown yet: see {url}/leaderboard. Nothing but places "
        "needs it.",
    ),
    (r"storage|quota|\bspace\b", "See {url}, and what your account stores, for what it takes."),
    (
        r"clos|ended|is over|finish|deadline|entrant|invit|disqualif|\bban|suspend|block|disabled"
        r"|not (yet )?(open|start)|privat|hidden|region|countr|\bteam|merg|\bhost\b",
        "See {url} for what it takes.",
    ),
)
DENIED = "{server} denies {doing} for {slug} ({said}). "
STORAGE_DENIED = (
    "The storage of {server} refused {doing} for {slug} ({said}). Run the command again in a "
    "while: every run is given a new address."
)
ALLOWANCE_USED_UP = (
    "{server} takes no more submissions to {slug} now ({said}). "
    "The allowance is renewed at midnight UTC; submit again then."
)
IN_TROUBLE = (
    "{server} is in trouble: {doing} for {slug} failed ({said}). Run the command again in a while."
)
REFUSED = (
    "{server} refused while {doing} for {slug} ({said}). "
    "Nothing was changed; see {url} for what it takes."
)
# What to check where no usable reply came.
NETWORK = "the network connection"
PROXY = "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names, its user and its password"
TLS = "this machine's clock, and the certificates and proxy that its environment names"


def next_step(reason: str) -> str | None:
    """Return what to do about a 403, for `format`; None where it is the rules, or may be."""
    if re.search(_RULES, reason, re.IGNORECASE):
        return None
    fitting = (step for about, step in _DENIALS if re.search(about, reason, re.IGNORECASE))
    return next(fitting, None)


def as_sentence(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def masked(text: str, secret: str) -> str:
    """Return a text without a secret and without longer parts of it, in any case of letters."""
    if len(secret) <= _PART:
        return text.replace(secret, "***")
    parts = {secret[at : at + _PART].lower() for at in range(len(secret) - _PART + 1)}
    shown, at = "", 0
    for start in range(len(text) - _PART + 1):
        if text[start : start + _PART].lower() in parts:
            shown += text[at:start]
            if not shown.endswith("***"):
                shown += "***"
            at = start + _PART
    return shown + text[at:]


def without_queries(text: str) -> str:
    """Return a text in which no address has its query: signatures and tokens stand there."""
    return re.sub(r"""((?:https?:/)?/[^\s?"'<>]*)\?[^\s"'<>]*""", r"\1", text)
