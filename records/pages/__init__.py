"""The pages of a record: list, detail, new, edit, and its verbs. A room declares them in a few lines each."""

from records.keyset import Order

from .detail import RecordDetail
from .forms import RecordCreate, RecordEdit
from .lists import Action, Column, Preset, RecordList
from .page import RecordPage
from .verbs import RecordVerb, RecordVoid

__all__ = [
    "Action",
    "Column",
    "Order",
    "Preset",
    "RecordCreate",
    "RecordDetail",
    "RecordEdit",
    "RecordList",
    "RecordPage",
    "RecordVerb",
    "RecordVoid",
]
