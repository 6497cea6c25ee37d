"""Where the value of each setting comes from: its variable, a file that a variable names, or the default."""

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

IN_FILE = "_FILE"

# what other programs read, and looks like one of ours
_OF_OTHERS = frozenset({"MAILDIR"})
_ALIKE = 0.85


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names the variable and what is expected."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What gave a setting its value: a variable, and the file that it names, if it names one. None: the default."""

    variable: str | None = None
    file: Path | None = None

    def __str__(self) -> str:
        """In words."""
        if self.variable is None:
            return "default"
        return f"{self.variable} ({self.file})" if self.file else self.variable


def origin_of(setting: str) -> Origin:
    """What gives that setting its value in this process.

    Raises:
        SettingsError: Two variables do, and nobody can say which is meant.
    """
    name = setting.upper()
    direct, in_file = _variable(name), _variable(name + IN_FILE)
    if direct and in_file:
        raise SettingsError(f"{name} and {name}{IN_FILE} are both set; expected one of them")
    if in_file:
        return Origin(in_file, Path(os.environ[in_file]))
    return Origin(direct)


class FilesSource(PydanticBaseSettingsSource):
    """Reads the settings whose `NAME_FILE` names a file, as Docker, Kubernetes and systemd hand over secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """What stands in the setting's file, without the line break at its end."""
        origin = origin_of(field_name)
        return (_read(origin) if origin.file else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The settings that come from files."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def misspelt(settings: type[BaseSettings]) -> list[tuple[str, str]]:
    """Variables that are no settings, but look like one that is not set: each with the name that may be meant."""
    names = [name.upper() for name in settings.model_fields]
    unset = [name for name in names if origin_of(name).variable is None]
    known = {*names, *(name + IN_FILE for name in names)} | _OF_OTHERS
    found = []
    for variable in sorted(os.environ):
        if variable.upper() in known:
            continue
        suffix = IN_FILE if variable.upper().endswith(IN_FILE) else ""
        alike = difflib.get_close_matches(variable.upper().removesuffix(IN_FILE), unset, n=1, cutoff=_ALIKE)
        found += [(variable, name + suffix) for name in alike]
    return found


def _variable(name: str) -> str | None:
    """The variable of that name as it is written, in whatever case; None where it is empty or not there."""
    return next((each for each, value in os.environ.items() if each.upper() == name and value), None)


def _read(origin: Origin) -> str:
    assert origin.file is not None  # noqa: S101 - the caller has looked
    try:
        return origin.file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{origin.variable}: {origin.file} cannot be read as text ({type(error).__name__});"
            " expected a file that holds the value"
        ) from None
