"""The errors that a user can correct, as one line and an exit status."""

import errno

from contract_server.cli.exit_status import Refusal, Status
from contract_server.db.availability import lacks_schema, transient_reason
from contract_server.settings import SettingsError

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def describe_failure(error: Exception) -> Refusal | None:
    """Describe an error that the user can correct; None for any other."""
    if isinstance(error, SettingsError):
        return Refusal(str(error), Status.MISCONFIGURED)
    if lacks_schema(error):
        return Refusal("the database has another version's schema; see `contract-server migrate`", Status.OUT_OF_REACH)
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return Refusal(f"writing failed ({error.strerror}); free or replace the disk, and run the command again")
    reason = transient_reason(error)
    return Refusal(f"{reason}; see DATABASE_URL", Status.OUT_OF_REACH) if reason else None
