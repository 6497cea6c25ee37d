"""The worker's mail loop: it sends mails as soon as they are enqueued, independently of the sweeps.

A mail server that hangs delays no due action, and a long erasure delays no mail.
"""

from contextlib import AbstractAsyncContextManager
from functools import partial

from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import listen_for_wakeups
from contract_server.worker.loops import loops


def mail_loop(relay: MailRelay) -> AbstractAsyncContextManager[None]:
    """Send mails for the duration of the block; at its end, finish those in flight."""
    return loops("mails", relay.serve, partial(listen_for_wakeups, relay.wake))
