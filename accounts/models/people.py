"""Who works here, in which unit, and in which role from when to when (5.3)."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grants
from records.models import Record, RecordQuerySet


class UserManager(BaseUserManager):
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
    seen_home_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("use_admin", "May open the admin site"), ("manage_people", "May manage people and roles")]

    def __str__(self):
        return self.name or self.email

    def get_full_name(self):
        return str(self)

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
        return list(Appointment.objects.filter(user=self).in_force_on(timezone.localdate()).select_related("unit"))

    @property
    def roles(self):
        return {appointment.role for appointment in self.current_appointments}

    def has_role(self, *roles):
        return not self.roles.isdisjoint(roles)

    def scope_for(self, permission):
        """Unit ids within which this person holds `permission`; None means the whole firm, an empty set nothing."""
        units = set()
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
        """Let the groups say what the appointments in force today say. Ends all sessions when rights shrink or grow."""
        self.forget_appointments()
        self.groups.set(Group.objects.filter(name__in=self.roles))


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

    @property
    def title(self):
        return str(self)
