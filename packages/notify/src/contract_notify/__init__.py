"""The mails of おまかせログイン: their data, their words, their delivery."""

from contract_notify.addresses import LONGEST_ADDRESS, normalize_address, require_address
from contract_notify.composing import SENDER_NAME, Attachment, compose
from contract_notify.delivery import (
    Delivery,
    DeliveryPool,
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
    ServerFailure,
    TemporaryFailure,
)
from contract_notify.messages import (
    KINDS,
    AddressChangeRequested,
    ErasureReminder,
    Message,
    NewAddressChosen,
    PasswordChanged,
    PasswordResetRequested,
    ResumptionAccepted,
    ResumptionLastReminder,
    ResumptionReminder,
    ServiceEnded,
    TerminationAccepted,
    data_of,
    rebuild,
)
from contract_notify.rendering import CONTACT_URL, RenderedMail, render
from contract_notify.server_url import ServerUrl
from contract_notify.text import is_one_line

__all__ = [
    "CONTACT_URL",
    "KINDS",
    "LONGEST_ADDRESS",
    "RETRY_AFTER_UNKNOWN_SECONDS",
    "SENDER_NAME",
    "AddressChangeRequested",
    "Attachment",
    "Delivery",
    "DeliveryFailure",
    "DeliveryPool",
    "ErasureReminder",
    "FolderDelivery",
    "InvalidAddress",
    "MemoryDelivery",
    "Message",
    "NewAddressChosen",
    "OutcomeUnknown",
    "PasswordChanged",
    "PasswordResetRequested",
    "PermanentFailure",
    "RenderedMail",
    "ResumptionAccepted",
    "ResumptionLastReminder",
    "ResumptionReminder",
    "ServerFailure",
    "ServerUrl",
    "ServiceEnded",
    "SmtpDelivery",
    "SmtpServer",
    "TemporaryFailure",
    "TerminationAccepted",
    "compose",
    "data_of",
    "delivery_from_url",
    "is_one_line",
    "normalize_address",
    "rebuild",
    "render",
    "require_address",
]
