"""Who works here, in which unit, and in which role from when to when (5.3)."""

import hashlib

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grants, is_open_in_the_past
from records.models import Record, RecordQuerySet
from trail.as_of import moment, present, todays

# No mail is ever delivered there (RFC 2606).
NOWHERE = "erased.invalid"


class UserQuerySet(models.QuerySet):
    def visible_to(self, viewer):
        """People whom `viewer` may see: those appointed within their scope or for the whole firm, and themselves.

        As of an earlier day those who had come by then: people are no records, and are shown as they are now.
        """
        units, at = viewer.scope_for("accounts.view_user"), moment()
        people = self if at is None else self.filter(joined_at__lte=at)
        if units is None:
            return people
        if not units:
            return people.filter(pk=viewer.pk)
        appointed = Appointment.objects.in_force().within(units).order_by().values("user")
        return people.filter(Q(pk__in=todays(appointed)) | Q(pk=viewer.pk))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        raise TypeError("Heed has no superuser: appoint an administrator.")


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Deactivated when they leave, never deleted: records name them."""

    class Theme(models.TextChoices):
        AUTO = "", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMFORTABLE = "", _("Comfortable")
        COMPACT = "compact", _("Compact")

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    theme = models.CharField(_("colours"), max_length=5, choices=Theme, blank=True)
    density = models.CharField(_("density"), max_length=7, choices=Density, blank=True)
    shortcuts_on = models.BooleanField(_("keyboard shortcuts"), default=True)
    # Of the appointments in force when the groups were last set; sessions carry it, so that they end with the rights.
    rights_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [
            ("use_admin", "May open the admin site"),
            ("change_in_admin", "May change records in the admin site"),
            ("manage_people", "May manage people and roles"),
        ]

    def __str__(self):
        return self.name or self.email

    def get_absolute_url(self):
        return reverse("accounts:person", args=[self.pk])

    def get_full_name(self):
        return str(self)

    @property
    def is_erased(self):
        """Whether nothing here says any more who it was; the row stays, since records point to it."""
        return self.email.endswith(f"@{NOWHERE}")

    @property
    def is_invited(self):
        """Has been asked to join and has no password yet."""
        return self.is_active and not self.has_usable_password()

    @property
    def initials(self):
        words = (self.name or self.email).split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()

    @property
    def is_staff(self):
        """May open the admin site: Django asks under this name."""
        return self.is_active and self.has_perm("accounts.use_admin")

    @cached_property
    def current_appointments(self):
        """Appointments in force today, with their units."""
        if not self.is_active:
            return []
        with present():  # rights are today's, whatever day is looked at
            return list(Appointment.objects.filter(user=self).in_force_on(timezone.localdate()).select_related("unit"))

    @property
    def roles(self):
        return {appointment.role for appointment in self.current_appointments}

    def has_role(self, *roles):
        return not self.roles.isdisjoint(roles)

    def has_perm(self, perm, obj=None):
        """By the groups that appointments set, and only while such an appointment is in force.

        So a role ends on its day even when no worker is there to set the groups.
        """
        if not is_open_in_the_past(perm):
            return False
        return super().has_perm(perm, obj) and any(grants(held.role, perm) for held in self.current_appointments)

    def scope_for(self, permission):
        """Unit ids within which this person holds `permission`; None means the whole firm, an empty set nothing."""
        units = set()
        if not is_open_in_the_past(permission):
            return units
        for appointment in self.current_appointments:
            if not grants(appointment.role, permission):
                continue
            if appointment.role not in Role.with_unit_scope() or appointment.unit_id is None:
                return None
            units |= Unit.at_and_below(appointment.unit_id)
        return units

    def forget_appointments(self):
        self.__dict__.pop("current_appointments", None)
        for cache in ("_perm_cache", "_group_perm_cache", "_user_perm_cache"):
            self.__dict__.pop(cache, None)

    def set_groups(self):
        """Let the groups say what the appointments in force today say. Ends the person's sessions when that changed."""
        self.forget_appointments()
        self.groups.set(Group.objects.filter(name__in=self.roles))
        held = sorted(f"{appointment.reference}.{appointment.rev}" for appointment in self.current_appointments)
        rights_hash = hashlib.sha256(" ".join(held).encode()).hexdigest()
        if rights_hash != self.rights_hash:
            self.rights_hash = rights_hash
            self.save(update_fields=["rights_hash"])

    def _get_session_auth_hash(self, secret=None):
        # As Django's, over the rights as well: a session begun under other rights is not taken up again.
        return salted_hmac(
            "accounts.User.session", f"{self.password}:{self.rights_hash}", secret=secret, algorithm="sha256"
        ).hexdigest()


class Unit(Record):
    """A part of the firm: site, department, team (5.3)."""

    reference_prefix = "UN"

    class Level(models.TextChoices):
        SITE = "site", _("Site")
        DEPARTMENT = "department", _("Department")
        TEAM = "team", _("Team")

    name = models.CharField(_("name"), max_length=120)
    level = models.CharField(_("level"), max_length=10, choices=Level, default=Level.DEPARTMENT)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to")
    )

    class Meta(Record.Meta):
        ordering = ["name", "pk"]
        verbose_name = _("unit")
        verbose_name_plural = _("units")

    def __str__(self):
        return self.name

    @property
    def title(self):
        return self.name

    def get_absolute_url(self):
        return reverse("accounts:unit", args=[self.reference])

    @classmethod
    def at_and_below(cls, unit_id):
        """Ids of the unit and all under it."""
        children = {}
        with present():  # a scope is what it is today
            for child, parent in cls.objects.values_list("pk", "parent_id"):
                children.setdefault(parent, []).append(child)
        found, waiting = set(), [unit_id]
        while waiting:
            unit = waiting.pop()
            if unit not in found:
                found.add(unit)
                waiting += children.get(unit, [])
        return found

    def clean(self):
        super().clean()
        if self.pk and self.parent_id and self.parent_id in Unit.at_and_below(self.pk):
            raise ValidationError({"parent": _("A unit cannot belong to itself or to a unit below it.")})


class AppointmentQuerySet(RecordQuerySet):
    def in_force_on(self, day):
        return self.in_force().filter(Q(to_on__isnull=True) | Q(to_on__gte=day), from_on__lte=day)

    def held_on(self, day):
        """In force on the day, by people who may sign in. Who may not today, may have on a day that is past."""
        held = self.in_force_on(day)
        return held.filter(user__is_active=True) if moment() is None else held

    def not_over_on(self, day):
        """In force on the day, or still to begin."""
        return self.in_force().filter(Q(to_on__isnull=True) | Q(to_on__gte=day))

    def lasting_administrators(self, day):
        """Appointments, without an end, of administrators who can sign in: one of them must remain."""
        return (
            self.in_force_on(day)
            .filter(role=Role.ADMINISTRATOR, to_on__isnull=True, user__is_active=True)
            .exclude(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
        )


class Appointment(Record):
    """A person holds a role, in a unit or for the whole firm, from a day and perhaps to one (5.3)."""

    reference_prefix = "AP"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointments", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    from_on = models.DateField(_("from"), default=timezone.localdate)
    to_on = models.DateField(_("to"), null=True, blank=True, help_text=_("The last day. Empty: until further notice."))

    objects = AppointmentQuerySet.as_manager()

    class Meta(Record.Meta):
        ordering = ["-from_on", "-pk"]
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=models.F("from_on")),
                name="accounts_appointment_order",
                violation_error_message=_("The last day cannot be before the first."),
            )
        ]

    def __str__(self):
        return f"{self.user}: {self.get_role_display()}"

    def get_absolute_url(self):
        return self.user.get_absolute_url()

    @property
    def title(self):
        return str(self)

    def clean(self):
        super().clean()
        if self.unit_id and self.role and self.role not in Role.with_unit_scope():
            raise ValidationError({"unit": _("This role is held for the whole firm. Leave the unit empty.")})

    @transaction.atomic
    def end(self, *, by, on, reason=""):
        """Let `on` be its last day. Raises ValidationError when it is over or is the last administrator's."""
        today = timezone.localdate()
        if self.is_voided or (self.to_on and self.to_on < today):
            raise ValidationError(_("This appointment is over already."))
        if on < self.from_on:
            raise ValidationError({"to_on": _("The last day cannot be before the first.")})
        self._must_not_be_the_last_administrator(today)
        self.to_on = on
        self.save(by=by, verb="ended", reason=reason)
        self.user.set_groups()

    @transaction.atomic
    def void(self, *, by, reason):
        """Take back an appointment made by mistake. Raises ValidationError like `end`."""
        self._must_not_be_the_last_administrator(timezone.localdate())
        super().void(by=by, reason=reason)
        self.user.set_groups()

    def _must_not_be_the_last_administrator(self, today):
        lasting = Appointment.objects.lasting_administrators(today).select_for_update(of=("self",))
        # Read under lock: of two who end each other's appointment, the second finds theirs to be the last.
        if [held.pk for held in lasting] == [self.pk]:
            raise ValidationError(
                _("This is the last administrator who can sign in. Appoint another one, without an end, first.")
            )
