"""What every record shares, and the working tables of the house: jobs, imports, drafts, notifications."""

from .importing import Import, ImportRow
from .job import Job
from .personal import Draft, Notification, Submission
from .record import Conflict, Record, RecordQuerySet, ReferenceCounter, set_together

__all__ = [
    "Conflict",
    "Draft",
    "Import",
    "ImportRow",
    "Job",
    "Notification",
    "Record",
    "RecordQuerySet",
    "ReferenceCounter",
    "Submission",
    "set_together",
]
