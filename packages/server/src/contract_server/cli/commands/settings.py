"""What the settings are, and where each comes from."""

from datetime import timedelta

import typer
from pydantic import SecretStr

from contract_server.cli.output import Json, show_json, show_table
from contract_server.settings import DEVELOPMENT_SECRET_KEY, Settings, load_settings
from contract_server.settings.durations import show_duration
from contract_server.settings.sources import misspelt, origin_of
from contract_server.settings.types import without_password


def settings(json: Json = False) -> None:
    """Show every setting: its value, where that comes from, and what it means. Secrets are hidden.

    A setting is an environment variable of its name, or a file that NAME_FILE names (DATABASE_URL_FILE,
    SECRET_KEY_FILE, ...). Spans of time are written with their unit: 30s, 15m, 2h, 7d.

    Example: contract-server settings --json
    """
    found = load_settings()
    rows = [
        {
            "name": name.upper(),
            "value": shown(getattr(found, name)),
            "from": str(origin_of(name)),
            "meaning": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]
    if json:
        show_json(rows)
    else:
        show_table(("setting", "value", "from", "meaning"), [tuple(row.values()) for row in rows])
    warn_of_misspelt()


def warn_of_misspelt() -> None:
    """Say which variables are no settings, but look as if they were meant to be."""
    for variable, name in misspelt(Settings):
        typer.echo(f"contract-server: {variable} is no setting; was {name} meant?", err=True)


def shown(value: object) -> str | None:
    """A setting's value as it is written, without what is secret in it."""
    match value:
        case SecretStr():
            is_known = value.get_secret_value() == DEVELOPMENT_SECRET_KEY
            return DEVELOPMENT_SECRET_KEY if is_known else without_password(value)
        case timedelta():
            return show_duration(value)
        case tuple():
            return ", ".join(map(str, value)) or None
        case bool():
            return str(value).lower()
        case _:  # the members of a StrEnum are written as their values
            return None if value is None else str(value)
