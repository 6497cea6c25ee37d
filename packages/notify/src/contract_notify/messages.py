"""What the service has to tell its customers: one frozen dataclass a mail, and nothing about how it looks.

A message has a `kind`, the name under which its templates lie. An outbox may keep `kind` and `data_of(message)`, of
which `rebuild` makes the same message again, in another process and after an upgrade: so a kind and its fields, once
sent, keep their names.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import ClassVar, Final, Self, get_type_hints

from contract_notify.days import require_day

_LINK: Final = re.compile(r"https?://[!-~]+")

_KINDS: Final[dict[str, type["Message"]]] = {}

KINDS: Final[Mapping[str, type["Message"]]] = MappingProxyType(_KINDS)
"""Every mail that can be sent, by its kind."""


@dataclass(frozen=True)
class Message:
    """One thing to tell one customer. A subclass names its kind: `class Welcome(Message, kind="welcome")`."""

    kind: ClassVar[str]

    def __init_subclass__(cls, *, kind: str) -> None:
        """Enter the message under its kind, of which there is one."""
        if kind in _KINDS:
            raise TypeError(f"two messages have the kind {kind!r}")
        cls.kind = kind
        _KINDS[kind] = cls

    @classmethod
    def sample(cls) -> Self:
        """An example to look at before the first customer does."""
        raise NotImplementedError


@dataclass(frozen=True)
class TerminationAccepted(Message, kind="termination_accepted"):
    """利用終了受付メール: the application to terminate is accepted, and can be taken back for some days."""

    resumption_days: int

    def __post_init__(self) -> None:
        """A mail about no days at all would be a lie."""
        _require_positive(resumption_days=self.resumption_days)

    @classmethod
    def sample(cls) -> Self:
        """The manual's mail, with the manual's 14 days."""
        return cls(resumption_days=14)


@dataclass(frozen=True)
class ResumptionAccepted(Message, kind="resumption_accepted"):
    """利用再開受付メール: the application to terminate is taken back, the contract goes on."""

    @classmethod
    def sample(cls) -> Self:
        """The manual's mail, which says the same to everybody."""
        return cls()


@dataclass(frozen=True)
class PasswordResetRequested(Message, kind="password_reset"):
    """パスワードを忘れた方へ: the link that sets a new password. Who holds the link holds the account."""

    url: str = field(repr=False)
    valid_minutes: int

    def __post_init__(self) -> None:
        """A link that is none, or that breaks out of its line, is not sent."""
        if not _LINK.fullmatch(self.url):
            raise ValueError("url: an http or https address in ASCII is expected")
        _require_positive(valid_minutes=self.valid_minutes)

    @classmethod
    def sample(cls) -> Self:
        """A link with a token as long as the real ones."""
        return cls(url=f"https://omakase-login.example.jp/password/{'x' * 43}", valid_minutes=30)


@dataclass(frozen=True)
class ResumptionReminder(Message, kind="resumption_reminder"):
    """The time in which the application can be taken back is about to end. No "in 3 days": mails can be late."""

    last_day: str

    def __post_init__(self) -> None:
        """A day that is none is not announced."""
        require_day(self.last_day, what="last_day")

    @classmethod
    def sample(cls) -> Self:
        """What follows from the manual's 14 days after 1 March 2024."""
        return cls(last_day="2024-03-15")


@dataclass(frozen=True)
class ResumptionLastReminder(Message, kind="resumption_last_reminder"):
    """The same for the last time, when the end is near."""

    last_day: str

    def __post_init__(self) -> None:
        """A day that is none is not announced."""
        require_day(self.last_day, what="last_day")

    @classmethod
    def sample(cls) -> Self:
        """As above."""
        return cls(last_day="2024-03-15")


@dataclass(frozen=True)
class ServiceEnded(Message, kind="service_ended"):
    """The service has come to its end, and until when the registered information is kept."""

    last_day: str
    erasure_last_day: str

    def __post_init__(self) -> None:
        """A day that is none is not announced."""
        require_day(self.last_day, what="last_day")
        require_day(self.erasure_last_day, what="erasure_last_day")

    @classmethod
    def sample(cls) -> Self:
        """What follows from the manual's 14 and 45 days after 1 March 2024."""
        return cls(last_day="2024-03-15", erasure_last_day="2024-04-15")


@dataclass(frozen=True)
class ErasureReminder(Message, kind="erasure_reminder"):
    """会員の登録情報を抹消: the registered information is about to go, and never comes back."""

    last_day: str

    def __post_init__(self) -> None:
        """A day that is none is not announced."""
        require_day(self.last_day, what="last_day")

    @classmethod
    def sample(cls) -> Self:
        """What follows from the manual's 45 days after 1 March 2024."""
        return cls(last_day="2024-04-15")


def data_of(message: Message) -> dict[str, int | str]:
    """What an outbox row keeps of a message besides its kind: plain values, ready for JSON.

    >>> data_of(TerminationAccepted(resumption_days=14))
    {'resumption_days': 14}
    """
    return asdict(message)


def rebuild(kind: str, data: Mapping[str, object]) -> Message:
    """The message that an outbox row stands for.

    Raises `ValueError` for a kind that is not known and for data that are not the fields of that kind; the
    text names the fields, never their values.

    >>> rebuild("termination_accepted", {"resumption_days": 14})
    TerminationAccepted(resumption_days=14)
    """
    if kind not in KINDS:
        raise ValueError(f"no mail is called {kind!r}; there are {', '.join(sorted(KINDS))}")
    message_type = KINDS[kind]
    names = {each.name for each in fields(message_type)}
    if data.keys() != names:
        wrong = ", ".join(sorted(names ^ data.keys()))
        raise ValueError(f"{kind}: the fields are {sorted(names)}; missing or unknown: {wrong}")
    types = get_type_hints(message_type)
    for name, value in data.items():
        # `type(...) is`, not isinstance: a JSON `true` is no number of days
        if type(value) is not types[name]:
            raise ValueError(f"{kind}: {name} is to be {types[name].__name__}, not {type(value).__name__}")
    return message_type(**data)


def _require_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name}: at least 1 is expected, not {number}")
