"""The commands for other services."""
