"""What stands in the way of a development environment, said in one line."""


class DevelopmentError(Exception):
    """Something outside the program must change first; the message names it and what to do."""
