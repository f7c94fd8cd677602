"""People and their appointments, the firm's units, and the organisation itself."""

from accounts.roles import Role

from .invitations import Invitation
from .organisation import Closure, Deadline, Organisation, Severity
from .people import Appointment, Unit, User

__all__ = ["Appointment", "Closure", "Deadline", "Invitation", "Organisation", "Role", "Severity", "Unit", "User"]
