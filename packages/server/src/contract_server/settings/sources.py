"""The source of each setting's value: its variable, a file that a variable names, or the default."""

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

IN_FILE = "_FILE"

_FOREIGN_VARIABLES = frozenset({"MAILDIR"})  # similar to a setting, but read by other programs
_SIMILARITY = 0.85


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one line with the variable and the expected value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting's value comes from: a variable and perhaps a file; without a variable, the default."""

    variable: str | None = None
    file: Path | None = None

    def __str__(self) -> str:
        if self.variable is None:
            return "default"
        return f"{self.variable} ({self.file})" if self.file else self.variable


def origin_of(setting: str) -> Origin:
    """Find where a setting's value comes from in this process.

    Raises:
        SettingsError: Two variables set it, so it is ambiguous.
    """
    name = setting.upper()
    direct, in_file = _variable(name), _variable(name + IN_FILE)
    if direct and in_file:
        raise SettingsError(f"{name} and {name}{IN_FILE} are both set; expected one of them")
    if in_file:
        return Origin(in_file, Path(os.environ[in_file]))
    return Origin(direct)


class FilesSource(PydanticBaseSettingsSource):
    """Reads settings from files named by `NAME_FILE`, the way Docker, Kubernetes and systemd pass secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """Read the setting's file, without the final line break."""
        origin = origin_of(field_name)
        return (_read(origin) if origin.file else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read all settings that come from files."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def misspelt(settings: type[BaseSettings]) -> list[tuple[str, str]]:
    """Variables that are no settings but resemble an unset one, each with that setting's name."""
    names = [name.upper() for name in settings.model_fields]
    unset = [name for name in names if origin_of(name).variable is None]
    known = {*names, *(name + IN_FILE for name in names)} | _FOREIGN_VARIABLES
    pairs = []
    for variable in sorted(os.environ):
        if variable.upper() in known:
            continue
        suffix = IN_FILE if variable.upper().endswith(IN_FILE) else ""
        similar = difflib.get_close_matches(variable.upper().removesuffix(IN_FILE), unset, n=1, cutoff=_SIMILARITY)
        pairs += [(variable, name + suffix) for name in similar]
    return pairs


def _variable(name: str) -> str | None:
    """The variable of that name, in any case; None if it is empty or missing."""
    return next((variable for variable, value in os.environ.items() if variable.upper() == name and value), None)


def _read(origin: Origin) -> str:
    assert origin.file is not None  # noqa: S101 - checked by the caller
    try:
        return origin.file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{origin.variable}: {origin.file} cannot be read as text ({type(error).__name__});"
            " expected a file that holds the value"
        ) from None
