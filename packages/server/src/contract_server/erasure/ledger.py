"""The ledger outside the database: which contracts were erased, for the day on which a backup brings them back.

A backup that is restored knows nothing of the erasures since, and its own ledger has forgotten them too. So each
erasure is also written down in a folder, which belongs on another disk: before anything is destroyed, and again with
its evidence when it is finished. `contract-server erasures replay` does them anew in the restored database.

Every writing makes a new file, which appears whole or not at all and is never touched again: no two processes or
machines that share the folder can disturb each other, and no crash leaves half a line. One line is one entry with its
checksum. Nothing in it is personal: ids, dates, counts.
"""

import asyncio
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from contract_rules import complete
from contract_server.contracts.snapshot import ContractSnapshot, judged_columns
from contract_server.erasure.evidence import Evidence, hash_of

SUFFIX = ".jsonl"
PATIENCE = timedelta(seconds=10)
"""How long a disk may take; contracts are locked meanwhile."""


class LedgerUnavailable(Exception):
    """The folder cannot be written or read, so nothing may be destroyed; the message names folder and reason."""


class LedgerCorrupt(Exception):
    """A line is not what was written; the message names file and line."""


class Step(StrEnum):
    """How far an erasure had come when the entry was written."""

    BEGUN = "BEGUN"
    FINISHED = "FINISHED"


_IS_FINISHED = complete("_IS_FINISHED", Step, {Step.BEGUN: False, Step.FINISHED: True})


@dataclass(frozen=True, slots=True)
class LedgerApplication:
    """The application on whose ground a contract was erased, as its row had it."""

    id: UUID
    number: int
    requested_at: datetime
    requested_on: date
    policy_version: str
    service_end_last_day: date
    service_end_at: datetime
    resumption_last_day: date
    resumption_at: datetime
    erasure_last_day: date
    erasure_at: datetime

    @classmethod
    def of(cls, contract: ContractSnapshot) -> "LedgerApplication":
        """The application in force of a contract that has one."""
        application, application_id = contract.facts.application, contract.application_id
        assert application is not None and application_id is not None  # noqa: S101, PT018 - the caller has looked
        return cls(id=application_id, **judged_columns(application))


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One erasure, with all that is needed to do it again."""

    step: Step
    contract_id: UUID
    application: LedgerApplication
    evidence: Evidence | None = None

    @property
    def finished(self) -> bool:
        """Whether all of the contract was erased, as the rules had granted it."""
        return _IS_FINISHED[self.step]


_ENTRIES = TypeAdapter(LedgerEntry)


class Ledger:
    """The folder, or none where nobody has named one."""

    def __init__(self, folder: Path | None, patience: timedelta = PATIENCE) -> None:
        self.folder = folder
        self.patience = patience
        self._writer = ThreadPoolExecutor(1, "ledger")  # a disk that hangs holds up this thread, and nobody else's

    async def write(self, entries: Sequence[LedgerEntry], now: datetime) -> str | None:
        """Put down entries so that a power cut does not lose them; the new file's name, None where no ledger is kept.

        Raises:
            LedgerUnavailable: The folder is missing, full or read-only, or its disk does not answer.
        """
        if self.folder is None or not entries:
            return None
        step = entries[0].step.lower()
        name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{step}-{secrets.token_hex(8)}{SUFFIX}"
        content = b"".join(_line(entry) for entry in entries)
        writing = asyncio.get_running_loop().run_in_executor(self._writer, _write_durably, self.folder / name, content)
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                await writing
        except TimeoutError:
            raise LedgerUnavailable(
                f"{self.folder}: no answer within {self.patience.total_seconds():g} seconds"
            ) from None
        except OSError as error:
            raise LedgerUnavailable(f"{self.folder}: {error.strerror}") from None
        return name

    async def read(self, places: Iterable[Path] = ()) -> list[LedgerEntry]:
        """The entries of these folders and files, or of the ledger's own folder, in the order of writing.

        Raises:
            LedgerUnavailable: One cannot be read, or no ledger is kept.
            LedgerCorrupt: One has a line that is not what was written.
        """
        places = list(places) or ([self.folder] if self.folder else [])
        if not places:
            raise LedgerUnavailable("no folder is named, and LEDGER_DIR is not set")
        return await asyncio.to_thread(lambda: [entry for file in _files(places) for entry in _entries(file)])

    async def file_names(self) -> set[str]:
        """The names of the files in the ledger's own folder."""
        return {file.name for file in await asyncio.to_thread(_files, [self.folder] if self.folder else [])}

    def empty(self) -> None:
        """Forget everything, with the demonstration data that it was about."""
        for file in _files([self.folder]) if self.folder and self.folder.is_dir() else []:
            file.unlink(missing_ok=True)


def _line(entry: LedgerEntry) -> bytes:
    content = _ENTRIES.dump_python(entry, mode="json")
    return orjson.dumps({"entry": content, "sha256": hash_of(content)}) + b"\n"


def _write_durably(file: Path, content: bytes) -> None:
    unfinished = file.with_suffix(".new")
    try:
        with unfinished.open("xb") as output:
            output.write(content)
            output.flush()
            os.fsync(output.fileno())
        unfinished.replace(file)
    except BaseException:  # a full disk, above all: each sweep would leave another one
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _files(places: Sequence[Path]) -> list[Path]:
    try:
        found = [sorted(place.iterdir()) if place.is_dir() else [place] for place in places]
    except OSError as error:
        raise LedgerUnavailable(f"{error.filename}: {error.strerror}") from None
    return [file for files in found for file in files if file.suffix == SUFFIX or file in places]


def _entries(file: Path) -> Iterator[LedgerEntry]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise LedgerUnavailable(f"{file}: {error.strerror}") from None
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        if entry is None:
            raise LedgerCorrupt(f"{file}, line {number}")
        yield entry


def _entry(line: bytes) -> LedgerEntry | None:
    try:
        content = orjson.loads(line)
        entry = _ENTRIES.validate_python(content["entry"])
        return entry if content["sha256"] == hash_of(content["entry"]) else None
    except (ValueError, KeyError, TypeError):
        return None
