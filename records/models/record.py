"""`Record`: what is evidence. It says who made it so; the database keeps each version (7.5.3)."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trail.as_of import moment, must_be_present, todays
from trail.context import current
from trail.history import Versions
from trail.sealing import versions_wait

TICK = timedelta(microseconds=1)


class Conflict(Exception):
    """Somebody else changed the record meanwhile: it no longer stands at the revision this change began from."""

    def __init__(self, record):
        self.record = record
        super().__init__(f"{record.reference} was changed by somebody else meanwhile.")


def why_is_needed():
    """What somebody is told who would change what is closed or signed and does not say why."""
    return ValidationError({"reason": _("This is closed or signed. Say why it is changed.")}, code="settled")


def set_together(*fields, name):
    """A constraint: either all of these fields are set or none is (a moment and its person belong together)."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__isnull": True for field in fields})
        | Q(**{f"{field}__isnull": False for field in fields}),
        name=name,
        violation_error_message=_("%(fields)s are set together or not at all.") % {"fields": ", ".join(fields)},
    )


class ReferenceCounter(models.Model):
    """The last number given out per kind and year, so that references are gapless and never race."""

    prefix = models.CharField(max_length=4)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="records_counter_once")]

    def __str__(self):
        return f"{self.prefix}-{self.year}: {self.last}"

    @classmethod
    def reserve(cls, prefix, year, count=1):
        """Take `count` numbers and return the first. The row stays locked until the transaction ends: reserve last."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {cls._meta.db_table} (prefix, year, last) VALUES (%s, %s, %s) "
                f"ON CONFLICT (prefix, year) DO UPDATE SET last = {cls._meta.db_table}.last + excluded.last "
                "RETURNING last",
                [prefix, year, count],
            )
            return cursor.fetchone()[0] - count + 1


class RecordQuerySet(models.QuerySet):
    """Reads as usual; changes many only through `change`, which leaves a version of each."""

    def in_force(self):
        """Without voided ones."""
        return self.filter(voided_at__isnull=True)

    def visible_to(self, user):
        """What `user` may read: their unit and below, and what belongs to the whole firm."""
        return self.within(user.scope_for(self.model.permission("view")))

    def changeable_by(self, user):
        """What `user` may change: their unit and below. What belongs to the whole firm is for those who see it all."""
        units = user.scope_for(self.model.permission("change"))
        return self if units is None else self.filter(unit__in=units)

    def within(self, units):
        """Those of the given unit ids and of the whole firm; None means all, an empty set nothing at all."""
        if units is None:
            return self
        if not units:
            return self.none()
        return self.allowed(Q(unit__in=units) | Q(unit__isnull=True))

    def allowed(self, reach):
        """Narrowed to what `reach`, a condition, gives a right to: today's right, whatever day is looked at."""
        if moment() is None:
            return self.filter(reach)
        return self.filter(pk__in=todays(self.model._base_manager.filter(reach).order_by().values("pk")))

    def change(self, *, by, verb, reason="", **fields):
        """Change many at once, each with a version of its own. Returns how many.

        Raises ValidationError when one of them is closed or signed and no reason is given.
        """
        must_be_present()
        acting = current()
        rows, settled = self, self.model.settled_when
        if settled is not None and not (reason or acting.reason).strip():
            if self.filter(settled).exists():
                raise why_is_needed()
            rows = self.exclude(settled)  # nor one that is closed at this very moment
        return super(RecordQuerySet, rows).update(
            rev=F("rev") + 1,
            changed_at=Greatest(Value(timezone.now(), models.DateTimeField()), F("changed_at") + TICK),
            changed_by=by,
            verb=verb,
            reason=reason or acting.reason,
            channel=acting.channel,
            request_id=acting.request_id,
            **fields,
        )

    def _refuse(self, *args, **kwargs):
        raise TypeError(
            "A record is changed by save(by=…), QuerySet.change(by=…) or records.bulk, so that its history is kept."
        )

    update = update_or_create = bulk_create = bulk_update = delete = _refuse
    _refuse.queryset_only = True


class Record(models.Model):
    """A fact the firm keeps: who recorded it, who changed it last and how, and under which reference."""

    reference_prefix = None
    # A condition: what is closed or signed and changes only with a reason. None: nothing of this kind ever is.
    settled_when = None

    reference = models.CharField(_("reference"), max_length=24, unique=True, editable=False)
    rev = models.PositiveIntegerField(_("version"), default=0, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("changed by"),
    )
    verb = models.CharField(_("what was done"), max_length=40, editable=False)
    reason = models.TextField(_("reason"), blank=True, editable=False)
    channel = models.CharField(_("way in"), max_length=12, editable=False)
    request_id = models.CharField(max_length=36, blank=True, editable=False)
    unit = models.ForeignKey(
        "accounts.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unit"),
        help_text=_("Empty: the whole firm."),
    )
    voided_at = models.DateTimeField(_("voided at"), null=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("voided by"),
    )
    void_reason = models.TextField(_("why it was voided"), blank=True, editable=False)

    objects = RecordQuerySet.as_manager()
    history = Versions()

    class Meta:
        abstract = True
        # No delete: records are voided.
        default_permissions = ("add", "change", "view", "void")

    def __str__(self):
        return self.reference

    def save(self, *, by=None, verb=None, reason="", at=None, **options):
        """Write this record as its next version. Raises Conflict when it was changed since it was read.

        Raises ValidationError when it was closed or signed before and no reason is given.
        `at` back-dates the change and is for the demo company only. Without `by`, whoever is acting.
        """
        must_be_present()
        acting = current()
        user = by if by is not None else acting.user
        adding = self._state.adding
        now = at or timezone.now()
        self.rev = self.rev + 1 if not adding else 1
        self.changed_at = now if adding else max(now, self.changed_at + TICK)
        self.changed_by_id = user.pk if user is not None else None
        self.verb = verb or ("recorded" if adding else "changed")
        self.reason = reason or acting.reason
        self.channel = acting.channel
        self.request_id = acting.request_id
        if options.get("update_fields") is not None:
            options["update_fields"] = {
                *options["update_fields"], "rev", "changed_at", "changed_by", "verb", "reason", "channel", "request_id"
            }  # fmt: skip
        try:
            with transaction.atomic():
                if adding:
                    self.recorded_at, self.recorded_by_id = now, self.changed_by_id
                    self._take_reference(now)
                super().save(
                    force_insert=adding,
                    force_update=not adding,
                    **{k: v for k, v in options.items() if not k.startswith("force_")},
                )
                transaction.on_commit(versions_wait, robust=True)
        except BaseException:
            self.rev -= 1  # not written: the record in hand still stands where it stood
            if adding:
                self.reference = ""
            raise

    def _take_reference(self, now):
        if not self.reference:
            year = timezone.localtime(now).year
            self.reference = reference_of(self, year, ReferenceCounter.reserve(self.reference_prefix, year))

    def _do_update(self, base_qs, using, pk_val, values, update_fields, forced_update):
        # Compare and set: only the revision that was read is replaced.
        expected = as_read = base_qs.filter(rev=self.rev - 1)
        needs_reason = self.settled_when is not None and not self.reason.strip()
        if needs_reason:
            expected = as_read.exclude(self.settled_when)
        if not super()._do_update(expected, using, pk_val, values, update_fields, False):
            if needs_reason and as_read.filter(pk=pk_val).exists():
                raise why_is_needed()
            raise Conflict(self)
        return True

    def delete(self, *args, **kwargs):
        raise TypeError("Records are voided with a reason, never deleted.")

    @classmethod
    def permission(cls, action):
        """ "feedback.view_feedback" for Feedback and "view"."""
        return f"{cls._meta.app_label}.{action}_{cls._meta.model_name}"

    @property
    def is_voided(self):
        return self.voided_at is not None

    @property
    def is_settled(self):
        """Closed or signed, as `settled_when` says of rows: forms ask for a reason."""
        return False

    @property
    def title(self):
        """What a reader calls it, in lists and messages."""
        return self.reference

    def void(self, *, by, reason):
        """Take this record out of force. Raises ValidationError without a reason or when it is void already."""
        if self.is_voided:
            raise ValidationError(_("%(reference)s is void already.") % {"reference": self.reference})
        if not reason.strip():
            raise ValidationError(_("Say why it is voided."))
        self.voided_at, self.voided_by, self.void_reason = timezone.now(), by, reason
        self.save(by=by, verb="voided", reason=reason)

    def clean(self):
        super().clean()
        if self.is_voided and self._state.adding:
            raise ValidationError(_("A new record cannot be void."))


def reference_of(record, year, number):
    """ "FB-2026-0001": at least four digits, so that references sort as people expect."""
    return f"{record.reference_prefix}-{year}-{number:04d}"
