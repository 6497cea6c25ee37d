"""Text that shows itself on every screen: one line of visible characters.

Control characters move the cursor of a terminal, direction marks reorder a line, and characters without width hide
text. So texts of operators and files are checked by one rule when they come in, and commands escape what may have been
stored before, or by other programs, when it goes out. They escape in the same way what the screen's encoding lacks.
"""

import codecs
import io
import json
import unicodedata
from typing import TextIO

LONGEST_REASON = 500
"""Characters of a reason that an operator writes."""

_IDEOGRAPHIC_SPACE = "\N{IDEOGRAPHIC SPACE}"
_ENCODING_ERRORS = "contract_server.escape"
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
# letters, marks and symbols that show nothing; variation selectors are none of them: names like 葛󠄀城 have some
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


class InvalidValue(ValueError):
    """A value does not fit its field. The message says what is expected and does not quote the value."""


def is_visible(text: str) -> bool:
    """Whether a text is one line of visible characters, of which each system has a picture.

    The full-width space is one of them.
    """
    has_no_blanks = text.isascii() or _BLANKS.isdisjoint(text)  # ASCII has none; looking at each letter takes long
    return has_no_blanks and (text.isprintable() or text.replace(_IDEOGRAPHIC_SPACE, " ").isprintable())


def require_line(text: str, longest: int) -> str:
    """Return a text of 1 to `longest` visible characters in one line, without the spaces around it.

    Raises:
        InvalidValue: It is none; the message says what to write instead.
    """
    line = text.strip()
    if not 1 <= len(line) <= longest:
        raise InvalidValue(f"expected 1 to {longest} characters; found {len(line)}")
    if not is_visible(line):
        raise InvalidValue(_describe_invisible(line))
    return line


def escape(text: str, *, keep: str = "") -> str:
    r"""Write every invisible character but those to keep as JSON does, in `\u001b` for example."""
    if is_visible(text):
        return text
    return "".join(letter if is_visible(letter) or letter in keep else _as_in_json(letter) for letter in text)


def escape_unencodable(stream: TextIO) -> None:
    r"""Make a stream write characters that its encoding lacks as JSON does, in `\u9ad9` for example."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_ENCODING_ERRORS)


def _escape_error(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _as_in_json(error.object[error.start : error.end]), error.end


codecs.register_error(_ENCODING_ERRORS, _escape_error)


def _as_in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _describe_invisible(text: str) -> str:
    """Describe the first invisible character: its place, what it is, and what to write instead."""
    place, character = next((place, letter) for place, letter in enumerate(text, 1) if not is_visible(letter))
    if character in _LINE_BREAKS:
        return f"expected one line; character {place} is a line break: write a space"
    known = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    match unicodedata.category(character):
        case "Co":
            return f"expected characters that every system has; character {place} is 外字 ({known}): write another"
        case "Zs":
            return f"expected ordinary spaces; character {place} is another one ({known}): write a space"
        case _:
            return f"expected characters that can be seen; character {place} cannot ({known}): leave it out"
