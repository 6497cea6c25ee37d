"""The command that shows the settings."""

from datetime import timedelta

from pydantic import SecretStr

from contract_server.cli.output import Json, echo, show_json, show_table
from contract_server.settings import DEVELOPMENT_SECRET_KEY, Settings, load_settings
from contract_server.settings.durations import show_duration
from contract_server.settings.sources import misspelt, origin_of
from contract_server.settings.types import without_password


def settings(json: Json = False) -> None:
    """Show every setting: its value, its source and its meaning. Secrets are hidden.

    A setting is an environment variable of its name, or a file that NAME_FILE names (DATABASE_URL_FILE,
    SECRET_KEY_FILE, ...). Durations are written with their unit: 30s, 15m, 2h, 7d.

    Example: contract-server settings --json
    """
    loaded = load_settings()
    rows = [
        {
            "name": name.upper(),
            "value": format_value(getattr(loaded, name)),
            "from": str(origin_of(name)),
            "meaning": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]
    if json:
        show_json(rows)
    else:
        show_table(("setting", "value", "from", "meaning"), [tuple(row.values()) for row in rows])
    warn_about_misspelt()


def warn_about_misspelt() -> None:
    """Warn about variables that look like misspelt settings."""
    for variable, name in misspelt(Settings):
        echo(f"contract-server: {variable} is not a setting; did you mean {name}?", err=True)


def format_value(value: object) -> str | None:
    """Write a value as in an environment variable, with secrets hidden."""
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
        case _:  # a member of a StrEnum is written as its value
            return None if value is None else str(value)
