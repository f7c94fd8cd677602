"""The menu: which pages there are, in which order, and who sees them."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from evidence.checking import last_check


@dataclass(frozen=True)
class Entry:
    label: str
    url_name: str
    icon: str
    permission: str = ""
    clause: str = ""
    prefix: str = ""
    on_phone: bool = False  # among the tabs at the foot of a phone


GROUPS = [
    ("", [Entry(_("Home"), "home", "home", "kpis.view_kpi", on_phone=True)]),
    (
        _("Listen"),
        [
            Entry(_("Feedback"), "feedback:list", "inbox", "feedback.view_feedback", "8.2.1", "/feedback/", True),
            Entry(_("Complaints"), "feedback:complaints", "flag", "feedback.view_feedback", "9.1.2", "/complaints/"),
        ],
    ),
    (
        _("Understand"),
        [Entry(_("Customers"), "customers:list", "users", "customers.view_customer", "8.2", "/customers/", True)],
    ),
    (_("Lead"), [Entry(_("KPIs"), "kpis:list", "chart-line", "kpis.view_kpi", "9.1", "/kpis/")]),
    (
        _("Show"),
        [Entry(_("Trail"), "trail:list", "history", "trail.view_seal", "7.5.3", "/trail/")],
    ),
    (
        _("Administer"),
        [
            Entry(_("People and roles"), "accounts:people", "users", "accounts.manage_people", "", "/people/", True),
            Entry(_("Units"), "accounts:units", "hierarchy", "accounts.manage_people", "", "/units/"),
            Entry(
                _("Organisation"), "accounts:organisation", "building", "accounts.manage_people", "", "/organisation/"
            ),
            Entry(_("Background work"), "jobs:list", "activity", "accounts.manage_people", "", "/jobs/", True),
            Entry(_("Privacy"), "privacy:list", "user-off", "accounts.manage_people", "", "/privacy/"),
        ],
    ),
]
MENU = [
    Entry(_("Products and services"), "customers:products", "box", "customers.view_product"),
    Entry(_("Segments"), "customers:segments", "category", "customers.view_segment"),
    Entry(_("Imports"), "imports:list", "upload", "records.view_import"),
    Entry(_("People and roles"), "accounts:people", "users", "accounts.view_user"),
    Entry(_("Units"), "accounts:units", "hierarchy", "accounts.view_unit"),
    Entry(_("Organisation"), "accounts:organisation", "building", "accounts.view_organisation"),
    Entry(_("Background work"), "jobs:list", "activity", "records.view_job"),
    Entry(_("Privacy"), "privacy:list", "user-off", "evidence.view_erasurerequest"),
    Entry(_("All records (admin site)"), "admin:index", "database", "accounts.use_admin"),
    Entry(_("Preferences"), "accounts:preferences", "settings"),
]


def shell(request):
    """What every signed-in page shows around itself."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"organisation": getattr(request, "organisation", None)}
    auditor = user.has_role(Role.AUDITOR)
    return {
        "organisation": getattr(request, "organisation", None),
        "nav": [
            {"label": label, "entries": entries}
            for label, group in GROUPS
            if (entries := _entries(group, request, auditor))
        ],
        "tabs": _entries([entry for _label, group in GROUPS for entry in group if entry.on_phone], request, False),
        "menu": _entries(MENU, request, False),
        "unread_count": user.notifications.filter(read_at__isnull=True).count(),
        "last_check": last_check() if getattr(request, "only_reads", False) else None,
        "may_record": user.has_perm("feedback.add_feedback"),
    }


def _entries(group, request, with_clauses):
    shown = []
    for entry in group:
        if entry.permission and not request.user.has_perm(entry.permission):
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        shown.append(
            {
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "clause": entry.clause if with_clauses else "",
                "is_current": request.path == url or bool(entry.prefix and request.path.startswith(entry.prefix)),
            }
        )
    return shown
