"""A mail server that takes everything, and remembers when: `python -m tests.bench.mail_sink PORT`.

For each line on its standard input that says how many mails to expect, and how many milliseconds to take over each, it
writes one line when it has them: the instants at which it accepted them, by Message-ID. It knows as much of SMTP as
these clients need, so that its own time weighs little.
"""

import asyncio
import json
import re
import sys
import time

_MESSAGE_ID = re.compile(rb"^Message-ID:\s+(\S+)", re.MULTILINE)
_END = b"\r\n.\r\n"


class Sink:
    """What has come in since somebody asked."""

    def __init__(self) -> None:
        self.seconds_each = 0.0
        self._wanted = 0
        self._accepted: list[tuple[str, float]] = []

    def expect(self, mails: int, milliseconds_each: float) -> None:
        self._wanted, self.seconds_each, self._accepted = mails, milliseconds_each / 1000, []

    def accept(self, mail: bytes) -> None:
        found = _MESSAGE_ID.search(mail)
        self._accepted.append((found[1].decode() if found else "", time.monotonic()))
        if len(self._accepted) == self._wanted:
            sys.stdout.write(f"{json.dumps(self._accepted)}\n")
            sys.stdout.flush()


class Conversation(asyncio.Protocol):
    """One client's."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._heard = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say(b"220 sink")

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while (end := _END if self._in_mail else b"\r\n") in self._heard:
            said, _, self._heard = self._heard.partition(end)
            if self._in_mail:
                self._in_mail = False
                asyncio.get_running_loop().call_later(self._sink.seconds_each, self._accept, said)
            else:
                self._answer(said[:4].upper())

    def _accept(self, mail: bytes) -> None:
        self._sink.accept(mail)
        self._say(b"250 accepted")

    def _answer(self, command: bytes) -> None:
        match command:
            case b"EHLO":
                self._say(b"250-sink\r\n250 8BITMIME")
            case b"DATA":
                self._in_mail = True
                self._say(b"354 go on")
            case b"QUIT":
                self._say(b"221 bye")
                self._transport.close()
            case _:
                self._say(b"250 ok")

    def _say(self, line: bytes) -> None:
        self._transport.write(line + b"\r\n")


async def main(port: int) -> None:
    """Serve until the standard input ends."""
    sink, loop = Sink(), asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with await loop.create_server(lambda: Conversation(sink), "127.0.0.1", port):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := await reader.readline():
            mails, milliseconds_each = line.split()
            sink.expect(int(mails), float(milliseconds_each))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
