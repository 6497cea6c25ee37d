"""The delivery that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from contract_notify.delivery.folder import FolderDelivery
from contract_notify.delivery.protocol import Delivery
from contract_notify.delivery.smtp import SmtpDelivery
from contract_notify.delivery.smtp_server import SmtpServer


def delivery_from_url(url: str) -> Delivery:
    """Return a delivery by `smtp://` or `smtps://` (see `SmtpServer.from_url`), or to the folder of `file:///folder`.

    Nothing is connected or created yet. Raises `ValueError`, which never quotes the URL: it may hold a
    password.

    >>> delivery_from_url("file:///var/mail/outgoing")
    FolderDelivery('/var/mail/outgoing')
    """
    scheme = url.partition(":")[0].lower()
    if scheme in {"smtp", "smtps"}:
        return SmtpDelivery(SmtpServer.from_url(url))
    if scheme == "file":
        return FolderDelivery(_folder(url))
    raise ValueError("a delivery's URL begins with smtp://, smtps:// or file:///")


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    folder = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not folder.is_absolute() or parts.query or parts.fragment:
        raise ValueError("a mail folder's URL has the form file:///absolute/path")
    return folder
