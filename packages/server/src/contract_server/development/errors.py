"""The error of development environments."""


class DevelopmentError(Exception):
    """A problem outside the program; the message is one line that names it and says what to do."""
