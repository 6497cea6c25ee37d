"""How a message reads: subject and body from the two templates in the folder named like its kind."""

from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from contract_notify.days import day_in_words
from contract_notify.messages import Message, data_of
from contract_notify.text import require_one_line

CONTACT_URL: Final = "https://form.business.ntt-east.co.jp/?formId=pf3473inq"
"""Where the manual sends whoever did not expect the mail."""


@dataclass(frozen=True)
class RenderedMail:
    """A message in words: the subject on one line, the body as plain text that ends with a line break."""

    subject: str
    body: str


# A mail of plain text has no markup to escape: a name with an ampersand is to be read as it was registered.
_TEMPLATES: Final = Environment(
    loader=PackageLoader("contract_notify"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - see above
)
_TEMPLATES.filters["in_words"] = day_in_words


def render(message: Message, contact_url: str = CONTACT_URL) -> RenderedMail:
    """The message as its recipient will read it; the same message always reads the same.

    Raises `ValueError` where a value would break out of its line, and `jinja2.UndefinedError` where a
    template asks for what the message does not say.

    >>> from contract_notify.messages import ResumptionAccepted
    >>> render(ResumptionAccepted()).subject
    '【おまかせログイン】サービス利用再開受理通知'
    """
    variables = {**data_of(message), "contact_url": contact_url}
    for name, value in variables.items():
        require_one_line(str(value), what=name)
    subject, body = (
        _TEMPLATES.get_template(f"{message.kind}/{part}.txt.j2").render(variables) for part in ("subject", "body")
    )
    return RenderedMail(subject=require_one_line(subject, what="subject"), body=f"{body}\n")
