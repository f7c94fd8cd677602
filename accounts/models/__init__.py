"""People and their appointments, the firm's units, and the organisation itself."""

from accounts.roles import Role

from .organisation import Closure, Deadline, Organisation, Severity
from .people import Appointment, Unit, User

__all__ = ["Appointment", "Closure", "Deadline", "Organisation", "Role", "Severity", "Unit", "User"]
