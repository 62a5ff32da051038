"""What can go wrong at Kaggle, made to go wrong on purpose.

A plan is a list, separated by commas, of

    KIND[=VALUE][@CALL][*TIMES | %PERCENT]

`refuse=STATUS`  answer with this status (503 unless given) and carry nothing out; 429 and 503
                 say `Retry-After`
`drop`           close the connection without carrying the call out
`lose-reply`     carry the call out, then close the connection without a reply, or answer with an
                 error all the same: `lose-reply=504`
`slow=SECONDS`   wait (2 seconds unless given), then carry the call out, whether or not the other
                 side still waits for the reply
`cut`            close the connection in the middle of a download
`corrupt`        change bytes in the middle of a download, not its length
`error-body`     send an error's text in place of a download or of the resumed part of one, under
                 the status of a success
`cut-upload`     close the connection in the middle of an upload
`pending`        never score a submission
`lag=SECONDS`    keep submissions younger than this (5 seconds unless given) out of the list
`cut-description=LENGTH`    keep so much of a description (100 characters unless given)
`alter-description=NUMBER`  keep another spelling of it: capitals, HTML, without brackets, with
                 underscores, with words around it, from its end, or nothing (0 to 6)
`late-description=SECONDS`  list submissions younger than this (5 seconds unless given) without it
`queue=SECONDS`  keep a kernel waiting (2 seconds unless given) before it runs
`refuse-push=NUMBER`  refuse a kernel as Kaggle does, with status 200: too many sessions of CPUs, of
                 GPUs, the week's hours used up, or no such notebook (0 to 3)
`drop-source`    run a kernel without the competition's files
`fail-kernel`    have a run end in an error soon after it began, with no reason given
`cancel-kernel`  have it cancelled then
`old-version`    say how the version before the newest stands
`cut-output`     list the first half of the files that a run left
`empty-log`      give no log of a run

CALL is a method of the API such as `CreateSubmission`, or `storage` or `upload`. Without it a fault
strikes where it makes sense: downloads at `storage` (those of what a kernel left at `output`),
`cut-upload` at `upload`, `lose-reply`, `pending`, `cut-description` and `alter-description` at
CreateSubmission, `late-description` and `lag` at ListSubmissions (`lag` can be at
GetSubmissionLimits, too), what becomes of a kernel at SaveKernel, GetKernelSessionStatus or
ListKernelSessionOutput, and `refuse`, `drop` and `slow` at every call of the API.
`*TIMES` is how often (once unless given); `%PERCENT` strikes by chance, always in the same order.
Where several could strike a call, the first in the plan does, and the others wait for the next
(what becomes of a description goes with any other fault): in
`refuse=429@ListSubmissions*2,cut,corrupt,lose-reply%10` the second download is the corrupt one.

Two items set what holds for the whole plan: `seed=NUMBER` gives chance another order, and
`retry-after=SECONDS` is what refusals say (1 unless given).
"""

import re
from dataclasses import dataclass, field
from random import Random

from competition.errors import PodiumError

_DEFAULT_CALLS = {
    "refuse": "",
    "drop": "",
    "lose-reply": "CreateSubmission",
    "slow": "",
    "cut": "storage",
    "corrupt": "storage",
    "error-body": "storage",
    "cut-upload": "upload",
    "pending": "CreateSubmission",
    "lag": "ListSubmissions",
    "cut-description": "CreateSubmission",
    "alter-description": "CreateSubmission",
    "late-description": "ListSubmissions",
    "queue": "SaveKernel",
    "refuse-push": "SaveKernel",
    "drop-source": "SaveKernel",
    "fail-kernel": "SaveKernel",
    "cancel-kernel": "SaveKernel",
    "old-version": "GetKernelSessionStatus",
    "cut-output": "ListKernelSessionOutput",
    "empty-log": "ListKernelSessionOutput",
}
_DEFAULT_VALUES = {
    "refuse": 503.0,
    "slow": 2.0,
    "lag": 5.0,
    "cut-description": 100.0,
    "late-description": 5.0,
    "queue": 2.0,
}
_DEFAULT_SETTINGS = {"seed": 7.0, "retry-after": 1.0}
_SETTING = re.compile(r"(?P<name>seed|retry-after)=(?P<value>\d+(\.\d+)?)")
_ITEM = re.compile(
    r"(?P<kind>[a-z-]+)(=(?P<value>\d+(\.\d+)?))?(@(?P<call>\w+))?"
    r"(\*(?P<times>\d+)|%(?P<percent>\d+(\.\d+)?))?"
)


@dataclass
class Fault:
    """One planned fault: what, where, how often.

    Attributes:
        kind: One of the kinds above.
        value: The status of `refuse`, the seconds of `slow` and `lag`, the length, number
            or seconds of what becomes of a description.
        call: The call it strikes; empty for every call of the API.
        left: How many times it still strikes; None for by chance.
        chance: The probability of striking, where `left` is None.
        retry_after: The seconds that a refusal says.
        dice: Throws for `chance`.
    """

    kind: str
    value: float
    call: str
    left: int | None
    chance: float
    retry_after: float
    dice: Random = field(repr=False)

    def strikes(self, call: str) -> bool:
        """Tell whether it strikes this call, and count it."""
        if self.call != call and (self.call or call in ("storage", "upload", "output")):
            return False
        if self.left is None:
            return self.dice.random() < self.chance
        self.left -= 1
        return self.left >= 0


def parse_faults(text: str) -> list[Fault]:
    """Return the faults of a plan.

    Raises:
        PodiumError: it does not follow the grammar.
    """
    items = [part.strip() for part in text.split(",") if part.strip()]
    settings = dict(_DEFAULT_SETTINGS)
    for found in filter(None, map(_SETTING.fullmatch, items)):
        settings[found["name"]] = float(found["value"])
    planned = [item for item in items if not _SETTING.fullmatch(item)]
    return [_parse(item, place, settings) for place, item in enumerate(planned)]


def _parse(item: str, place: int, settings: dict[str, float]) -> Fault:
    match = _ITEM.fullmatch(item)
    if match is None or match["kind"] not in _DEFAULT_CALLS:
        raise PodiumError(
            f"{item!r} is not a fault. Write KIND[=VALUE][@CALL][*TIMES or %PERCENT] with one of "
            f"{', '.join(_DEFAULT_CALLS)}, as in refuse=503@CreateSubmission*2; or "
            f"{' or '.join(f'{name}=NUMBER' for name in _DEFAULT_SETTINGS)}."
        )
    kind = match["kind"]
    return Fault(
        kind=kind,
        value=float(match["value"] or _DEFAULT_VALUES.get(kind, 0)),
        call=match["call"] or _DEFAULT_CALLS[kind],
        left=None if match["percent"] else int(match["times"] or 1),
        chance=float(match["percent"] or 0) / 100,
        retry_after=settings["retry-after"],
        dice=Random(f"{settings['seed']}/{place}"),
    )
