"""What the reports of trouble share: secrets, what a command said, files at home."""

from dataclasses import dataclass
from pathlib import Path

TOKEN = "KGAT_51d0c8a7e3b94f26"
KEY = "9c2f71d05e8b46a3"
SECRETS = (TOKEN, KEY)
RENEWED = "CfDJ8-7b6e0c55a1f94d20"
NONE_THERE = "There are no credentials"
PAIR = {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": KEY}


@dataclass(frozen=True)
class Said:
    """What a command left: its status, and all that it wrote and logged."""

    status: int
    text: str


def shown_parts(text: str, *secrets: str) -> list[str]:
    """Return the parts of secrets that a text holds; the prefix of a token tells nothing."""
    bare = [secret.removeprefix("KGAT_") for secret in secrets]
    return [
        one[at : at + 6] for one in bare for at in range(len(one) - 5) if one[at : at + 6] in text
    ]


def put(folder: Path, files: dict[str, bytes | None]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        if content is None:
            (folder / name).mkdir()
            continue
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
