"""The file by which other tools find a running environment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def published(file: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Keep `NAME=value` lines in a file, whole from the first moment, for as long as the block lasts.

    Values are not quoted, so that shells, `docker --env-file` and dotenv readers take them alike. Only the
    owner can read the file, because the addresses of the databases hold their passwords.
    """
    unfinished = file.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    unfinished.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
