"""Errors of a development environment, in one line each."""


class DevelopmentError(Exception):
    """A problem outside the program; the message names it and says what to do."""
