"""Render a message: subject and body from the two templates in the folder of its kind."""

from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from contract_notify.days import day_in_words
from contract_notify.messages import Message, data_of
from contract_notify.text import require_one_line

CONTACT_URL: Final = "https://form.business.ntt-east.co.jp/?formId=pf3473inq"
"""The manual's contact form for recipients who did not expect the mail."""


@dataclass(frozen=True)
class RenderedMail:
    """Subject, on one line, and body, as plain text that ends with a line break."""

    subject: str
    body: str


# Plain text has no markup to escape: a name with an ampersand must stay as it was registered.
_TEMPLATES: Final = Environment(
    loader=PackageLoader("contract_notify"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - see above
)
_TEMPLATES.filters["in_words"] = day_in_words


def render(message: Message, contact_url: str = CONTACT_URL) -> RenderedMail:
    """Render subject and body; the same message always gives the same text.

    Raises `ValueError` if a value contains a line break, and `jinja2.UndefinedError` if a template uses a name that
    is no field of the message.

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
