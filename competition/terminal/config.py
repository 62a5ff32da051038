"""What `config` shows: each variable, its value, and where it came from."""

import sys
from dataclasses import replace

from competition.settings import VARIABLES
from competition.terminal.console import JsonOption, current_settings, print_json
from competition.terminal.printable import printable


def config(as_json: JsonOption = False) -> None:
    """Show each variable, its value, and whether the environment or podium.toml gave it."""
    settings = current_settings()
    if (url := settings["DATABASE_URL"].value) is not None:
        from competition.database import Database

        shown = replace(settings["DATABASE_URL"], value=Database(url).described)
        settings["DATABASE_URL"] = shown
    if as_json:
        rows = {
            name: {"value": setting.value, "source": setting.source}
            for name, setting in settings.items()
        }
        print_json(rows)
        return
    width = max(map(len, settings))
    for name, setting in settings.items():
        value = VARIABLES[name].default or "-" if setting.value is None else setting.value
        sys.stdout.write(f"{name:{width}}  {setting.source:<11}  {printable(value)}\n")
