"""When an operator has to show the second factor: the policy, without I/O.

A session of an operator opens nothing before the second factor was shown. What is irreversible, or reaches far, asks
for it again unless it was shown in the last minutes: a session that is stolen later does none of it.
"""

from datetime import timedelta

from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer

RECENT = timedelta(minutes=5)

FAR_REACHING = frozenset(
    {
        "approveErasures",
        "dismissMail",
        "endContractorSessions",
        "holdErasure",
        "releaseErasureHold",
        "requestErasureApproval",
        "resumeContract",
        "sendPasswordLink",
        "terminateContract",
        "unlockContractor",
    }
)
"""The mutations that ask for a recent second factor, by their names in the schema."""


def needs_second_factor(viewer: Viewer, *, required: bool) -> bool:
    """Whether the viewer has to show one: an operator, if that is required, or who has registered a passkey."""
    return viewer.role is Role.OPERATOR and (required or viewer.has_second_factor)


def opens_session(viewer: Viewer, *, required: bool) -> bool:
    """Whether the session opens anything."""
    return not needs_second_factor(viewer, required=required) or viewer.second_factor_age is not None


def is_recent(viewer: Viewer, *, required: bool) -> bool:
    """Whether the viewer may do what reaches far without showing it again."""
    age = viewer.second_factor_age
    return not needs_second_factor(viewer, required=required) or (age is not None and age < RECENT)
