"""The types of what other services ask for."""
