"""The mails of おまかせログイン: what is said, how it reads, and how it gets to its reader."""

from contract_notify.addresses import require_address
from contract_notify.composing import SENDER_NAME, compose
from contract_notify.delivery import (
    Delivery,
    FolderDelivery,
    MemoryDelivery,
    SmtpDelivery,
    SmtpServer,
    delivery_from_url,
)
from contract_notify.failures import (
    RETRY_AFTER_UNKNOWN_SECONDS,
    DeliveryFailure,
    InvalidAddress,
    OutcomeUnknown,
    PermanentFailure,
    TemporaryFailure,
)
from contract_notify.messages import (
    KINDS,
    Message,
    PasswordResetRequested,
    ResumptionAccepted,
    TerminationAccepted,
    data_of,
    rebuild,
)
from contract_notify.rendering import CONTACT_URL, RenderedMail, render

__all__ = [
    "CONTACT_URL",
    "KINDS",
    "RETRY_AFTER_UNKNOWN_SECONDS",
    "SENDER_NAME",
    "Delivery",
    "DeliveryFailure",
    "FolderDelivery",
    "InvalidAddress",
    "MemoryDelivery",
    "Message",
    "OutcomeUnknown",
    "PasswordResetRequested",
    "PermanentFailure",
    "RenderedMail",
    "ResumptionAccepted",
    "SmtpDelivery",
    "SmtpServer",
    "TemporaryFailure",
    "TerminationAccepted",
    "compose",
    "data_of",
    "delivery_from_url",
    "rebuild",
    "render",
    "require_address",
]
