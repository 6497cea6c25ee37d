"""Deliver a composed mail: by SMTP, to a folder, or to memory."""

from contract_notify.delivery.folder import FolderDelivery
from contract_notify.delivery.memory import MemoryDelivery
from contract_notify.delivery.pool import DeliveryPool
from contract_notify.delivery.protocol import Delivery
from contract_notify.delivery.smtp import SmtpDelivery
from contract_notify.delivery.smtp_server import SmtpServer
from contract_notify.delivery.urls import delivery_from_url

__all__ = [
    "Delivery",
    "DeliveryPool",
    "FolderDelivery",
    "MemoryDelivery",
    "SmtpDelivery",
    "SmtpServer",
    "delivery_from_url",
]
