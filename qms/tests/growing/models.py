"""One kind of record, before and after it has grown."""

import os

from django.db import models

from records.models import Record

HAS_GROWN = os.environ.get("HAS_GROWN") == "yes"


class Parcel(Record):
    """Something that is sent."""

    reference_prefix = "PX"

    name = models.CharField(max_length=60)
    grams = models.PositiveIntegerField()
    if HAS_GROWN:
        size = models.CharField(max_length=5, blank=True)
