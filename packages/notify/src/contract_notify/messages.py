"""Messages to customers: one frozen dataclass for each mail, without its words.

A message has a `kind`, the folder of its templates. An outbox may store `kind` and `data_of(message)`; `rebuild` makes
the same message of them, in another process and after an upgrade. A kind and its fields therefore keep their names.
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
    """One message to one customer. A subclass names its kind: `class Welcome(Message, kind="welcome")`."""

    kind: ClassVar[str]

    def __init_subclass__(cls, *, kind: str) -> None:
        """Register the message under its kind; a kind is unique."""
        if kind in _KINDS:
            raise TypeError(f"two messages have the kind {kind!r}")
        cls.kind = kind
        _KINDS[kind] = cls

    @classmethod
    def sample(cls) -> Self:
        """An example for previews."""
        raise NotImplementedError


@dataclass(frozen=True)
class TerminationAccepted(Message, kind="termination_accepted"):
    """利用終了受付メール: the application to terminate is accepted, and can be taken back for some days."""

    resumption_days: int

    def __post_init__(self) -> None:
        """Refuse a number of days below 1."""
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
        """The manual's mail; it has no variable part."""
        return cls()


@dataclass(frozen=True)
class PasswordResetRequested(Message, kind="password_reset"):
    """パスワードを忘れた方へ: the link that sets a new password. The link gives control of the account."""

    url: str = field(repr=False)
    valid_minutes: int

    def __post_init__(self) -> None:
        """Refuse a text that is no link, or that contains a line break."""
        _require_link(self.url)
        _require_positive(valid_minutes=self.valid_minutes)

    @classmethod
    def sample(cls) -> Self:
        """A link with a token as long as the real ones."""
        return cls(url=f"https://omakase-login.example.jp/password/new#{'x' * 43}", valid_minutes=30)


@dataclass(frozen=True)
class PasswordChanged(Message, kind="password_changed"):
    """The password has been replaced: an owner who did not do that learns of it."""

    @classmethod
    def sample(cls) -> Self:
        """It has no variable part."""
        return cls()


@dataclass(frozen=True)
class AddressChangeRequested(Message, kind="address_change"):
    """To the present address: a link that agrees to another address for the account."""

    url: str = field(repr=False)
    valid_hours: int

    def __post_init__(self) -> None:
        """Refuse a text that is no link, or that contains a line break."""
        _require_link(self.url)
        _require_positive(valid_hours=self.valid_hours)

    @classmethod
    def sample(cls) -> Self:
        """A link with a token as long as the real ones."""
        return cls(url=f"https://omakase-login.example.jp/address#{'x' * 43}", valid_hours=24)


@dataclass(frozen=True)
class NewAddressChosen(Message, kind="new_address"):
    """To the new address: a link that shows that mails arrive there."""

    url: str = field(repr=False)
    valid_hours: int

    def __post_init__(self) -> None:
        """Refuse a text that is no link, or that contains a line break."""
        _require_link(self.url)
        _require_positive(valid_hours=self.valid_hours)

    @classmethod
    def sample(cls) -> Self:
        """As above."""
        return cls(url=f"https://omakase-login.example.jp/address#{'x' * 43}", valid_hours=24)


@dataclass(frozen=True)
class ResumptionReminder(Message, kind="resumption_reminder"):
    """The time for resuming is about to end. The mail names a day, not "in 3 days", because mails can be late."""

    last_day: str

    def __post_init__(self) -> None:
        """Refuse a text that is no calendar day."""
        require_day(self.last_day, what="last_day")

    @classmethod
    def sample(cls) -> Self:
        """What follows from the manual's 14 days after 1 March 2024."""
        return cls(last_day="2024-03-15")


@dataclass(frozen=True)
class ResumptionLastReminder(Message, kind="resumption_last_reminder"):
    """The last reminder that the time for resuming is about to end."""

    last_day: str

    def __post_init__(self) -> None:
        """Refuse a text that is no calendar day."""
        require_day(self.last_day, what="last_day")

    @classmethod
    def sample(cls) -> Self:
        """As above."""
        return cls(last_day="2024-03-15")


@dataclass(frozen=True)
class ServiceEnded(Message, kind="service_ended"):
    """The service has ended; the mail names the last day on which the registered information is kept."""

    last_day: str
    erasure_last_day: str

    def __post_init__(self) -> None:
        """Refuse a text that is no calendar day."""
        require_day(self.last_day, what="last_day")
        require_day(self.erasure_last_day, what="erasure_last_day")

    @classmethod
    def sample(cls) -> Self:
        """What follows from the manual's 14 and 45 days after 1 March 2024."""
        return cls(last_day="2024-03-15", erasure_last_day="2024-04-15")


@dataclass(frozen=True)
class ErasureReminder(Message, kind="erasure_reminder"):
    """会員の登録情報を抹消: the registered information is about to be erased irreversibly."""

    last_day: str

    def __post_init__(self) -> None:
        """Refuse a text that is no calendar day."""
        require_day(self.last_day, what="last_day")

    @classmethod
    def sample(cls) -> Self:
        """What follows from the manual's 45 days after 1 March 2024."""
        return cls(last_day="2024-04-15")


def data_of(message: Message) -> dict[str, int | str]:
    """Return the fields of a message as plain values, ready for JSON.

    >>> data_of(TerminationAccepted(resumption_days=14))
    {'resumption_days': 14}
    """
    return asdict(message)


def rebuild(kind: str, data: Mapping[str, object]) -> Message:
    """Return the message of a stored kind and data.

    Raises `ValueError` for an unknown kind and for data that do not match its fields; the text names the fields,
    never their values.

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


def _require_link(text: str) -> None:
    if not _LINK.fullmatch(text):
        raise ValueError("url: an http or https address in ASCII is expected")


def _require_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name}: at least 1 is expected, not {number}")
