"""Configuration, from environment variables and files."""

from contract_server.settings.settings import (
    DEVELOPMENT_SECRET_KEY,
    EnvironmentName,
    Settings,
    SettingsError,
    load_settings,
    load_worker_settings,
)

__all__ = [
    "DEVELOPMENT_SECRET_KEY",
    "EnvironmentName",
    "Settings",
    "SettingsError",
    "load_settings",
    "load_worker_settings",
]
