"""A ZIP archive that is written while it is sent: no more than one piece of one file is in memory."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple


class ArchiveFile(NamedTuple):
    """A file of an archive; its pieces are read once."""

    name: str
    pieces: AsyncIterator[bytes]


class _Outlet(io.RawIOBase):
    """Takes what is written until it is drained. It cannot seek, so sizes follow the data."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def drain(self) -> bytes:
        """Return what was written since the last time."""
        data = bytes(self._written)
        self._written.clear()
        return data


async def archive_of(files: AsyncIterator[ArchiveFile], at: datetime) -> AsyncIterator[bytes]:
    """Write the files one after another, dated `at` by its own zone."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        async for file in files:
            info = zipfile.ZipInfo(file.name, at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as target:
                async for piece in file.pieces:
                    target.write(piece)
                    if data := outlet.drain():
                        yield data
    yield outlet.drain()
