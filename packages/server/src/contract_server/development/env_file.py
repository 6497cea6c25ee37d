"""The file from which other tools read the addresses of a running environment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def published_variables(file: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Keep `NAME=value` lines in a file for the block; readers never see an incomplete file.

    Values are not quoted, so that shells, `docker --env-file` and dotenv read them alike. Only the
    owner can read the file, because the URLs of the databases contain passwords.
    """
    unfinished = file.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    unfinished.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
