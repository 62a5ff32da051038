"""What a competition promises: read from its TOML file, checked, and written again."""

from competition.spec.competition import (
    SPECS,
    WEBSITE,
    Competition,
    available_competitions,
    load_competition,
    own_specs,
)

__all__ = [
    "SPECS",
    "WEBSITE",
    "Competition",
    "available_competitions",
    "load_competition",
    "own_specs",
]
