"""Whatever a program says, and however it ends: one line of JSON each, and no text of an exception."""

import json
import subprocess
import sys
from typing import Any

PROGRAM = r"""
import logging, threading, uuid, warnings
from contract_server import logs

logs.configure("DEBUG")
log = logs.get_logger("program")
class Unknown:
    def __str__(self): return "canary of an object"
def fail(*_): raise ValueError("canary of an exception\nin two lines")

log.info("ours", value=VALUE, id=uuid.UUID(int=1), other=Unknown())
logging.getLogger("library").warning("theirs: %s", "canary of an argument")
logging.getLogger("library").warning(ValueError("canary of a message"))
warnings.warn("canary of a warning\nin two lines")
try:
    fail()
except ValueError:
    log.exception("caught")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def lines_of(value: str) -> list[dict[str, Any]]:
    program = PROGRAM.replace("VALUE", value)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)  # noqa: S603 - our own
    assert done.returncode == 1
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    assert [line for line in lines if not line.isprintable()] == []
    return [json.loads(line) for line in lines]


NASTY = ("half \ud800 a pair", "a line\r\nand another\x1b[31m\x00", "\u2028\u0085", 2**80, {1: ["\ud800"]})


def test_every_line_is_json_and_tells_no_text_that_it_does_not_know() -> None:
    lines = lines_of(ascii(NASTY))
    assert [line["event"] for line in lines] == [
        "ours",
        "theirs: %s",
        "ValueError",
        "warned",
        "caught",
        "crashed",
        "crashed",
    ]
    assert lines[0]["value"] == json.loads(json.dumps(NASTY))
    assert lines[0]["id"] == "00000000-0000-0000-0000-000000000001"
    assert [line.get("exception") for line in lines] == [None] * 4 + ["ValueError"] * 3
    assert "canary" not in json.dumps(lines)


def test_no_line_holds_what_a_terminal_obeys() -> None:
    (line, *_) = lines_of(r"'\x9b31m\x7f\u202e\u2028 and a line'")
    assert line["value"] == "\x9b31m\x7f\u202e\u2028 and a line"
