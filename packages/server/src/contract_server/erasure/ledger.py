"""The ledger outside the database: records which contracts were erased, in case a restored backup undoes erasures.

A restored backup contains neither the erasures since it was made nor their records. So each erasure is also recorded in
a folder, which should be on another disk: before any data is erased, and again with its evidence when it is finished.
`contract-server erasures replay` repeats the erasures in the restored database.

Every write creates a new file, atomically, and no file is changed later. Processes and machines can share the folder,
and a crash leaves no partial line. Each line is one entry with its checksum. Entries contain no personal data, only
ids, dates and counts.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from contract_rules import complete
from contract_server.audit.chain import hash_of
from contract_server.contracts.lookup.receipt_numbers import new_receipt_number
from contract_server.contracts.snapshot import ContractSnapshot, judged_columns
from contract_server.erasure.evidence import Evidence

SUFFIX = ".jsonl"
TIMEOUT = timedelta(seconds=10)
"""How long a write may take; contracts are locked meanwhile."""


class LedgerUnavailable(Exception):
    """The folder cannot be written or read, so nothing may be erased; the message names folder and reason."""


class LedgerCorrupt(Exception):
    """A line has been changed; the message names file and line."""


class Step(StrEnum):
    """The step of an erasure that an entry records."""

    BEGUN = "BEGUN"
    FINISHED = "FINISHED"


_IS_FINISHED = complete("_IS_FINISHED", Step, {Step.BEGUN: False, Step.FINISHED: True})


@dataclass(frozen=True, slots=True)
class LedgerApplication:
    """The application because of which a contract was erased, as it was stored."""

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
    receipt_number: str = field(default_factory=new_receipt_number)
    """Files of before there were numbers have none; the application then gets a new one."""

    @classmethod
    def of(cls, contract: ContractSnapshot) -> "LedgerApplication":
        """Return the application in force; the contract must have one."""
        application, application_id, number = (
            contract.facts.application,
            contract.application_id,
            contract.receipt_number,
        )
        assert application is not None and application_id is not None and number is not None  # noqa: S101, PT018 - an erasure has one
        return cls(id=application_id, receipt_number=number, **judged_columns(application))


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One erasure, with all facts needed to repeat it."""

    step: Step
    contract_id: UUID
    application: LedgerApplication
    evidence: Evidence | None = None

    @property
    def finished(self) -> bool:
        """Whether the erasure was completed."""
        return _IS_FINISHED[self.step]


_ENTRIES = TypeAdapter(LedgerEntry)


class Ledger:
    """The ledger's folder; None if no ledger is kept."""

    def __init__(self, folder: Path | None, timeout: timedelta = TIMEOUT) -> None:
        self.folder = folder
        self.timeout = timeout
        self._writer = ThreadPoolExecutor(1, "ledger")  # a disk that hangs blocks only this thread

    async def write(self, entries: Sequence[LedgerEntry], now: datetime) -> str | None:
        """Write entries durably; return the new file's name, or None if no ledger is kept.

        Raises:
            LedgerUnavailable: The folder is missing, full or read-only, or its disk hangs.
        """
        if self.folder is None or not entries:
            return None
        step = entries[0].step.lower()
        name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{step}-{secrets.token_hex(8)}{SUFFIX}"
        content = b"".join(_line(entry) for entry in entries)
        writing = asyncio.get_running_loop().run_in_executor(self._writer, _write_durably, self.folder / name, content)
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                await writing
        except TimeoutError:
            raise LedgerUnavailable(
                f"{self.folder}: no answer within {self.timeout.total_seconds():g} seconds"
            ) from None
        except OSError as error:
            raise LedgerUnavailable(f"{self.folder}: {error.strerror}") from None
        return name

    async def read(self, places: Iterable[Path] = ()) -> list[LedgerEntry]:
        """Read the entries of these folders and files, or of the ledger's folder, in the order of writing.

        Raises:
            LedgerUnavailable: A folder or file cannot be read, or no ledger is kept.
            LedgerCorrupt: A line has been changed.
        """
        return [entry async for entries in self.read_files(places) for entry in entries]

    async def read_files(self, places: Iterable[Path] = ()) -> AsyncIterator[list[LedgerEntry]]:
        """Read the same entries file by file, so that the memory used is constant.

        Raises:
            LedgerUnavailable: A folder or file cannot be read, or no ledger is kept.
            LedgerCorrupt: A line has been changed.
        """
        places = list(places) or ([self.folder] if self.folder else [])
        if not places:
            raise LedgerUnavailable("no folder is named, and LEDGER_DIR is not set")
        for file in await asyncio.to_thread(_files, places):
            yield await asyncio.to_thread(lambda path: list(_entries(path)), file)

    async def file_names(self) -> set[str]:
        """Return the names of the files in the ledger's folder."""
        return {file.name for file in await asyncio.to_thread(_files, [self.folder] if self.folder else [])}

    def empty(self) -> None:
        """Delete all files, when the demonstration data is reset."""
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
    except BaseException:  # for example a full disk: otherwise each sweep would leave a file
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _files(places: Sequence[Path]) -> list[Path]:
    try:
        files_by_place = [sorted(place.iterdir()) if place.is_dir() else [place] for place in places]
    except OSError as error:
        raise LedgerUnavailable(f"{error.filename}: {error.strerror}") from None
    return [file for files in files_by_place for file in files if file.suffix == SUFFIX or file in places]


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
