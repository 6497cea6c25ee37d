"""The services on a database without contracts and accounts, as for imports."""

from tests.server.onboarding.conftest import connected, onboarding_database, services

__all__ = ["connected", "onboarding_database", "services"]
