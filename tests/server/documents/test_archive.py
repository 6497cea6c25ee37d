"""An archive is complete and ordinary, though it is written while it is sent."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from contract_server.documents.archive import ArchiveFile, archive_of

AT = datetime(2024, 4, 1, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def files(**contents: list[bytes]) -> AsyncIterator[ArchiveFile]:
    for name, pieces in contents.items():
        yield ArchiveFile(name, pieces_of(*pieces))


async def test_every_file_is_whole_and_dated() -> None:
    contents = {"one": [b"a" * 100_000, b"b"], "empty": [], "two": ["あ".encode()]}
    written = b"".join([piece async for piece in archive_of(files(**contents), AT)])
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: b"".join(pieces) for name, pieces in contents.items()
        }
        assert {info.date_time for info in archive.infolist()} == {(2024, 4, 1, 9, 30, 0)}


async def test_the_same_files_give_the_same_bytes() -> None:
    first, second = [[piece async for piece in archive_of(files(one=[b"a"]), AT)] for _ in range(2)]
    assert first == second


async def test_a_file_that_cannot_be_read_to_its_end_ends_the_archive_without_its_end() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError

    async def one_file() -> AsyncIterator[ArchiveFile]:
        yield ArchiveFile("one", broken())

    received = bytearray()

    async def receive() -> None:
        async for piece in archive_of(one_file(), AT):
            received.extend(piece)

    with pytest.raises(LookupError):
        await receive()
    assert not zipfile.is_zipfile(io.BytesIO(received))
