"""The words in which commands refuse what a service has refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from contract_server.cli.exit_status import Refusal, Status


@contextmanager
def refusals_in_words(words: Mapping[type[Exception], str]) -> Iterator[None]:
    """Raise these errors as refusals, in their words. `{}` stands for the text of the error.

    A `ValueError` is about the form of an argument.
    """
    try:
        yield
    except tuple(words) as error:
        status = Status.MISUNDERSTOOD if isinstance(error, ValueError) else Status.NO
        raise Refusal(words[type(error)].format(error), status) from None
