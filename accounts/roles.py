"""Who may do what: the one table of rights. Groups, scopes, pages and the house-wide tests are made from it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from trail.as_of import moment as past_moment


class Role(models.TextChoices):
    """What a person holds by appointment (5.3)."""

    STAFF = "staff", _("Staff")
    MANAGER = "manager", _("Manager")
    TOP_MANAGEMENT = "top_management", _("Top management")
    QUALITY_MANAGER = "quality_manager", _("Quality manager")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")

    @classmethod
    def with_unit_scope(cls):
        """Roles that see their unit and below; the others see the whole firm."""
        return (cls.STAFF, cls.MANAGER, cls.AUDITOR)


STAFF, MANAGER, TOP, QUALITY, AUDITOR, ADMIN = (
    Role.STAFF,
    Role.MANAGER,
    Role.TOP_MANAGEMENT,
    Role.QUALITY_MANAGER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)
READERS = (STAFF, MANAGER, TOP, QUALITY, AUDITOR)
WORKERS = (STAFF, MANAGER, TOP, QUALITY)
KEEPERS = (MANAGER, TOP, QUALITY)

# Kinds of record that readers read and keepers keep.
REGISTERS = (
    "customers.customer",
    "customers.contact",
    "customers.product",
    "customers.segment",
    "customers.customerproduct",
)


def _table():
    rights = {
        "feedback.add_feedback": WORKERS,
        "feedback.view_feedback": READERS,
        "feedback.change_feedback": KEEPERS,
        "feedback.change_own_feedback": WORKERS,
        "feedback.void_feedback": KEEPERS,
        "feedback.add_entry": WORKERS,
        "feedback.view_entry": READERS,
        "kpis.view_kpi": READERS,
        "kpis.add_kpi": (QUALITY,),
        "kpis.change_kpi": (QUALITY,),
        "kpis.void_kpi": (QUALITY,),
        "kpis.view_kpinote": READERS,
        "kpis.add_kpinote": KEEPERS,
        "records.view_import": (*KEEPERS, AUDITOR),
        "records.add_import": KEEPERS,
        "records.change_import": KEEPERS,
        "records.export_records": READERS,
        "records.view_job": (ADMIN,),
        "records.change_job": (ADMIN,),
        "accounts.use_admin": (QUALITY, AUDITOR, ADMIN),
        "accounts.change_in_admin": (QUALITY, ADMIN),
        "accounts.manage_people": (ADMIN,),
        "accounts.view_user": (*KEEPERS, AUDITOR, ADMIN),
        "accounts.add_user": (ADMIN,),
        "accounts.change_user": (ADMIN,),
        "accounts.view_appointment": (QUALITY, AUDITOR, ADMIN),
        "accounts.add_appointment": (ADMIN,),
        "accounts.change_appointment": (ADMIN,),
        "accounts.void_appointment": (ADMIN,),
        "accounts.view_unit": (*KEEPERS, AUDITOR, ADMIN),
        "accounts.add_unit": (QUALITY, ADMIN),
        "accounts.change_unit": (QUALITY, ADMIN),
        "accounts.view_organisation": (*KEEPERS, AUDITOR, ADMIN),
        "accounts.change_organisation": (ADMIN,),
        "accounts.view_closure": (QUALITY, AUDITOR, ADMIN),
        "accounts.add_closure": (ADMIN,),
        "accounts.change_closure": (ADMIN,),
        "accounts.void_closure": (ADMIN,),
        "accounts.view_deadline": (*KEEPERS, AUDITOR, ADMIN),
        "accounts.change_deadline": (QUALITY,),
        # Of the trail everybody sees the kinds of record that they may read.
        "trail.view_seal": (QUALITY, AUDITOR, ADMIN),
        "trail.view_securityevent": (QUALITY, AUDITOR, ADMIN),
        "trail.view_verification": (QUALITY, AUDITOR, ADMIN),
        "trail.add_verification": (QUALITY, ADMIN),
        "evidence.view_erasurerequest": (QUALITY, AUDITOR, ADMIN),
        "evidence.add_erasurerequest": (QUALITY, ADMIN),
        "evidence.change_erasurerequest": (ADMIN,),
        "evidence.view_legalhold": (QUALITY, AUDITOR, ADMIN),
        "evidence.add_legalhold": (QUALITY, ADMIN),
        "evidence.change_legalhold": (QUALITY, ADMIN),
    }
    for register in REGISTERS:
        app, model = register.split(".")
        rights[f"{app}.view_{model}"] = READERS
        rights[f"{app}.add_{model}"] = rights[f"{app}.change_{model}"] = rights[f"{app}.void_{model}"] = KEEPERS
    return {permission: frozenset(roles) for permission, roles in rights.items()}


RIGHTS = _table()


def grants(role, permission):
    return role in RIGHTS.get(permission, ())


def is_open_in_the_past(permission):
    """Whether the right holds while a day in the past is looked at: to read and to take out, and no other."""
    return past_moment() is None or permission.split(".")[-1].startswith(("view_", "export_", "use_"))


def write_groups(sender, using="default", **kwargs):
    """After a migration: one group per role with exactly the rights of the table."""
    from django.contrib.auth.models import Group, Permission

    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for role in Role:
        group, _made = Group.objects.using(using).get_or_create(name=role.value)
        group.permissions.set([known[name] for name in RIGHTS if grants(role, name) and name in known])
