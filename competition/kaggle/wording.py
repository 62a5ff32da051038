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
# What a 403 can be about, by Kaggle's reason; the first that fits says the next step.
_RULES = r"\brules?\b|\bterms\b|rulesacceptance|competitions\.participate"
_ACCOUNT = r"phone|\bsms\b|verif|identity|persona\b|captcha"
_VERIFY = f"Verify your account at {SETTINGS_PAGE}, then run the command again."
_LEADERBOARD = (
    "Its leaderboard is hidden, or not shown yet: see {url}/leaderboard. Nothing but places "
    "needs it."
)
_SPACE = "See {url}, and what your account stores, for what it takes."
_STEPS = (
    (_ACCOUNT, _VERIFY),
    (r"leaderboard", _LEADERBOARD),
    (r"storage|quota|\bspace\b", _SPACE),
)
_PAGE = "See {url} for what it takes."
# Words that tell nothing: with them alone, it may be the rules.
_NO_REASON = (
    r"access|permissions?|denied|forbidden|unauthori[sz]ed|not|authori[sz]ed|error|client|http"
    r"|status|code|request|refused|you|your|user|do|does|have|has|is|are|was|were|been|to|for|of"
    r"|on|in|the|this|that|a|an|it|or|and|by|from|with|resource|competitions?|page|api|server"
    r"|reason|given|unknown|accept|join|joined|enter|entered|participate|must|first|please|kaggle|none|null|x|\d+"
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


def next_step(status: int, reason: str) -> str | None:
    """Return what to do about a refusal, for `format`; None where the status alone says it.

    A 403 without a reason, or with one about the rules, is about them.
    """
    if status != 403:
        about_account = status in (400, 409, 422) and re.search(_ACCOUNT, reason, re.IGNORECASE)
        return _VERIFY if about_account else None
    words = re.findall(r"\w+", reason.casefold())
    if re.search(_RULES, reason, re.IGNORECASE) or all(re.fullmatch(_NO_REASON, w) for w in words):
        return None
    fitting = (step for about, step in _STEPS if re.search(about, reason, re.IGNORECASE))
    return next(fitting, _PAGE)


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
