"""Who may open and send what, page by page: "Who may do what" of the design, written down once more.

What the code says of itself proves nothing, so the roles here are those of the design and not of `accounts/roles.py`.
"""

from dataclasses import dataclass, field

from accounts.roles import Role

STAFF, MANAGER, TOP, QUALITY, AUDITOR, ADMIN = Role
EVERYBODY = frozenset(Role)
READERS = frozenset({STAFF, MANAGER, TOP, QUALITY, AUDITOR})  # read feedback, customers, registers, KPIs, Home
WORKERS = READERS - {AUDITOR}  # record feedback and comment on it
KEEPERS = WORKERS - {STAFF}  # change registers, void, import
SEE_THE_FIRM = KEEPERS | {AUDITOR, ADMIN}  # read people, units and settings
NONE = frozenset()

# Auditors may send only what concerns their own account.
OWN_ACCOUNT = ("/accounts/", "/me/")


@dataclass(frozen=True)
class Page:
    """A row: an address, who may read it and who may send it a form, and what each of them is answered.

    `about` names the piece of the world in its address. `get` None: a verb, which knows only POST. `sends` None: a
    page for reading only. `form` is what is sent; by default an empty form, which is refused with 400. `but` holds
    exceptions, (method, role): status; role None is somebody who has not signed in.
    """

    name: str
    about: str = ""
    reads: frozenset = NONE
    get: int | None = 200
    sends: frozenset | None = None
    post: int = 400
    form: dict = field(default_factory=dict)
    is_public: bool = False
    but: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.name} {self.about}".strip()

    def expected(self, role, method, path):
        """The statuses that will do. Where both the method and the person are wrong, either may be said first."""
        if (method, role) in self.but:
            return {self.but[method, role]}
        if role is None and not self.is_public:
            return {302}
        if method == "GET":
            return self._of_get(role)
        if role == AUDITOR and not path.startswith(OWN_ACCOUNT):
            return {403}
        if self.sends is None:
            return {405} if role is None or role in self.reads else {403, 405}
        return {self.post} if role is None or role in self.sends else {403}

    def changes(self, method):
        """Whether this is a form or a verb, or the sending of one."""
        return method == "POST" or self.get is None or self.reads == self.sends

    def _of_get(self, role):
        if self.get is None:
            return {405} if role is None or role in self.sends else {403, 405}
        return {self.get} if role is None or role in self.reads else {403}


def reading(name, about="", reads=NONE, **more):
    return Page(name, about, reads=reads, **more)


def form(name, about="", sends=NONE, **more):
    """A page with a form: who may not send it does not see it either."""
    return Page(name, about, reads=sends, sends=sends, **more)


def verb(name, about="", sends=NONE, post=400, **more):
    return Page(name, about, get=None, sends=sends, post=post, **more)


def public(name, about="", post=405, **more):
    """A page for whoever comes by, signed in or not. `post` 405: it is for reading only."""
    sends = None if post == 405 else EVERYBODY
    return Page(name, about, reads=EVERYBODY, sends=sends, post=post, is_public=True, **more)


def own(name, about="", **more):
    """A page of one's own account, for everybody who signs in."""
    return form(name, about, EVERYBODY, **more)


# What others recorded staff may read and not change: there is a page, and no form for them.
NOT_STAFF = {("GET", STAFF): 404, ("POST", STAFF): 404}
NOT_STAFF_POST = {("POST", STAFF): 404}

FEEDBACK = [
    reading("feedback:list", reads=READERS),
    reading("feedback:complaints", reads=READERS),
    form("feedback:create", sends=WORKERS),
    verb("feedback:preview", sends=WORKERS, post=200),
    reading("feedback:detail", "complaint", READERS),
    reading("feedback:detail", "void", READERS),
    reading("feedback:detail", "idea", READERS),
    form("feedback:edit", "complaint", WORKERS, but=NOT_STAFF),
    form("feedback:edit", "complaint_of_stefan", WORKERS),
    verb("feedback:acknowledge", "complaint", WORKERS, 302, but=NOT_STAFF_POST),
    verb("feedback:acknowledge", "complaint_of_stefan", WORKERS, 302),
    verb("feedback:answer", "complaint", WORKERS, but=NOT_STAFF_POST),
    verb("feedback:answer", "complaint_of_stefan", WORKERS),
    verb("feedback:close", "answered", WORKERS, 302, but=NOT_STAFF_POST),
    verb("feedback:close", "complaint_of_stefan", WORKERS),  # not answered yet
    verb("feedback:reopen", "closed", WORKERS, but=NOT_STAFF_POST),
    verb("feedback:assign", "complaint", WORKERS, but=NOT_STAFF_POST),
    verb("feedback:assign", "complaint_of_stefan", WORKERS),
    verb("feedback:note", "complaint", WORKERS),
    verb("feedback:void", "complaint", KEEPERS),
    verb("feedback:void", "complaint_of_stefan", KEEPERS),
    verb("feedback:undo", "complaint_of_stefan", {STAFF}, 302),  # who recorded it, and nobody else
]

CUSTOMERS = [
    reading("customers:list", reads=READERS),
    reading("customers:suggest", reads=READERS),
    form("customers:create", sends=KEEPERS),
    reading("customers:detail", "customer", READERS),
    reading("customers:contacts", "customer", READERS),
    form("customers:edit", "customer", KEEPERS),
    verb("customers:void", "customer", KEEPERS),
    form("customers:contact_create", "customer", KEEPERS),
    form("customers:contact_edit", "contact", KEEPERS),
    verb("customers:contact_void", "contact", KEEPERS),
    form("customers:supply_add", "customer", KEEPERS),
    verb("customers:supply_remove", "supply", KEEPERS, 302),
    reading("customers:products", reads=READERS),
    form("customers:product_create", sends=KEEPERS),
    reading("customers:product", "product", READERS),
    form("customers:product_edit", "product", KEEPERS),
    verb("customers:product_retire", "product", KEEPERS),
    verb("customers:product_void", "product", KEEPERS),
    reading("customers:segments", reads=READERS),
    form("customers:segment_create", sends=KEEPERS),
    reading("customers:segment", "segment", READERS),
    form("customers:segment_edit", "segment", KEEPERS),
    verb("customers:segment_void", "segment", KEEPERS),
]

IMPORTS = [
    reading("imports:list", reads=KEEPERS | {AUDITOR}),
    form("imports:create", sends=KEEPERS),
    reading("imports:detail", "uploaded", KEEPERS | {AUDITOR}),
    reading("imports:detail", "checked", KEEPERS | {AUDITOR}),
    reading("imports:detail", "at_work", KEEPERS | {AUDITOR}),
    reading("imports:detail", "done", KEEPERS | {AUDITOR}),
    verb("imports:read", "uploaded", KEEPERS),
    verb("imports:match", "uploaded", KEEPERS),
    verb("imports:write", "checked", KEEPERS, 302),
    verb("imports:write", "uploaded", KEEPERS),  # not checked yet
    verb("imports:undo", "done", KEEPERS),
    verb("imports:resume", "at_work", KEEPERS, 302),
    verb("imports:stop", "at_work", KEEPERS, 302),
    verb("imports:discard", "uploaded", KEEPERS, 302),
    verb("imports:discard", "done", KEEPERS),  # its records stand
    reading("imports:errors", "done", KEEPERS | {AUDITOR}),
]

FIGURES = [
    reading("home", reads=READERS, but={("GET", ADMIN): 302}),  # led to what is theirs
    reading("kpis:list", reads=READERS),
    reading("kpis:detail", "kpi", READERS),
    verb("kpis:note", "kpi", KEEPERS),
]

FIRM = [
    reading("accounts:people", reads=SEE_THE_FIRM),
    reading("accounts:person", "sven", SEE_THE_FIRM),
    form("accounts:invite", sends={ADMIN}),
    form("accounts:person_edit", "sven", {ADMIN}),
    verb("accounts:invite_again", "ivy", {ADMIN}, 200),
    form("accounts:appoint", "sven", {ADMIN}),
    form("accounts:deactivate", "sven", {ADMIN}),
    verb("accounts:reactivate", "gus", {ADMIN}, 302),
    verb("accounts:appointment_end", "appointment", {ADMIN}),
    verb("accounts:appointment_void", "appointment", {ADMIN}),
    reading("accounts:units", reads=SEE_THE_FIRM),
    form("accounts:unit_create", sends={QUALITY, ADMIN}),
    reading("accounts:unit", "north", SEE_THE_FIRM),
    form("accounts:unit_edit", "north", {QUALITY, ADMIN}),
    reading("accounts:organisation", reads=SEE_THE_FIRM),
    form("accounts:organisation_edit", sends={ADMIN}),
    form("accounts:deadlines", sends={QUALITY}),  # the clock's policy is the quality manager's
    form("accounts:closure_create", sends={ADMIN}),
    verb("accounts:closure_void", "closure", {ADMIN}),
    reading("first_steps", reads=SEE_THE_FIRM),
    reading("jobs:list", reads={ADMIN}),
    verb("jobs:retry", "job", {ADMIN}, 302),
    verb("jobs:cancel", "waiting_job", {ADMIN}, 302),
]

READ_THE_TRAIL = frozenset({QUALITY, AUDITOR, ADMIN})
TRAIL = [
    reading("trail:list", reads=READ_THE_TRAIL),
    reading("trail:changed", reads=EVERYBODY),  # each of them reads some kind of record
    reading("trail:checks", reads=READ_THE_TRAIL),
    verb("trail:check", "", {QUALITY, ADMIN}, 302),
]

NOT_THEIRS = {("POST", role): 404 for role in EVERYBODY - {QUALITY, AUDITOR}}
OWN = [
    own("accounts:preferences", form={"name": ""}),
    reading("search", reads=EVERYBODY),
    reading("notifications", reads=EVERYBODY),
    verb("notifications_read_all", "", EVERYBODY, 302),
    verb("notification_open", "notification", {QUALITY}, 302, but=NOT_THEIRS),
    verb("notification_read", "notification", {QUALITY}, 302, but=NOT_THEIRS),
    verb("draft", "draft", EVERYBODY, 200),
    verb("draft_clear", "draft", EVERYBODY, 204),
]

SIGNED_IN_ALREADY = {(method, role): 302 for method in ("GET", "POST") for role in EVERYBODY}
SIGNING_IN = [
    public("account_login", post=400, but=SIGNED_IN_ALREADY),
    own("account_logout", post=302),
    public("account_inactive"),
    own("account_reauthenticate"),
    own("account_change_password"),
    public("account_reset_password", post=400),
    public("account_reset_password_done"),
    public("account_reset_password_from_key", "stale_key", get=410, post=410),
    public("account_reset_password_from_key_done"),
    public("invitation", get=410, post=410),  # without a link that was opened before
    public("invitation_enter", "token", get=302),
    public("accounts:setup", get=302, post=302, but={("POST", AUDITOR): 403}),  # done, for good
    reading("mfa_index", reads=EVERYBODY),
    public("mfa_authenticate", get=302, post=302),  # only between password and code
    # The password is asked for again first; what is not switched on cannot be seen or switched off.
    own("mfa_reauthenticate", get=302, post=302),
    own("mfa_activate_totp", get=302, post=302),
    own("mfa_deactivate_totp", get=404, post=404),
    own("mfa_generate_recovery_codes", get=302, post=302),
    reading("mfa_view_recovery_codes", reads=EVERYBODY, get=404),
    own("mfa_download_recovery_codes", get=404, post=404),
]

ADMINS = frozenset({QUALITY, AUDITOR, ADMIN})
ASKERS = frozenset({QUALITY, ADMIN})
PRIVACY = [
    reading("privacy:list", reads=ADMINS),
    reading("privacy:find", reads=ASKERS),
    reading("privacy:person", "contact", ASKERS),
    reading("privacy:person", "sven", ASKERS),
    verb("privacy:data", "contact", ASKERS, 200),
    form("privacy:erase", "contact", ASKERS),
    form("privacy:hold_create", "contact", ASKERS),
    reading("privacy:request", "erasure", ADMINS),
    verb("privacy:confirm", "erasure", {ADMIN}, 302),
    verb("privacy:decline", "erasure", {ADMIN}),
    reading("privacy:holds", reads=ADMINS),
    reading("privacy:hold", "hold", ADMINS),
    verb("privacy:hold_end", "hold", ASKERS),
]
CONTENT = frozenset({QUALITY, AUDITOR})


def in_admin(model, about, reads, changes=NONE, history=200):
    """The pages of one kind of record in the admin site. There nothing is added or deleted, by anybody."""
    senders = [("POST", role) for role in reads - {AUDITOR}]
    return [
        reading(f"admin:{model}_changelist", reads=reads, but=dict.fromkeys(senders, 200)),
        reading(f"admin:{model}_history", about, reads, get=history, but=dict.fromkeys(senders, history)),
        form(f"admin:{model}_add"),
        form(f"admin:{model}_delete", about),
        Page(f"admin:{model}_change", about, reads=reads, sends=changes),
    ]


ADMIN_SITE = [
    reading("admin:index", reads=ADMINS, but={("POST", QUALITY): 200, ("POST", ADMIN): 200}),
    reading("admin:app_list", "app", ADMINS, but={("POST", QUALITY): 200, ("POST", ADMIN): 200}),
    reading("admin:jsi18n", reads=ADMINS),
    # Signing in and out and the password have their places outside.
    public("admin:login", get=302, post=302, but={("POST", AUDITOR): 403}),
    form("admin:logout", sends=ADMINS, get=302, post=302),
    form("admin:password_change", sends=ADMINS, get=302, post=302),
    *in_admin("feedback_feedback", "complaint", CONTENT, {QUALITY}),
    *in_admin("feedback_entry", "entry", CONTENT),
    *in_admin("customers_customer", "customer", CONTENT, {QUALITY}),
    *in_admin("customers_contact", "contact", CONTENT, {QUALITY}),
    *in_admin("customers_product", "product", CONTENT, {QUALITY}),
    *in_admin("customers_segment", "segment", CONTENT, {QUALITY}),
    *in_admin("customers_customerproduct", "supply", CONTENT),
    *in_admin("kpis_kpi", "kpi_record", CONTENT, {QUALITY}),
    *in_admin("kpis_kpinote", "note", CONTENT),
    *in_admin("kpis_reading", "reading", CONTENT, history=404),
    *in_admin("records_import", "done", CONTENT),
    *in_admin("evidence_erasurerequest", "erasure", ADMINS),
    *in_admin("evidence_legalhold", "hold", ADMINS),
    *in_admin("trail_seal", "seal", ADMINS, history=404),
    *in_admin("trail_securityevent", "event", ADMINS, history=404),
    *in_admin("accounts_user", "sven", ADMINS, history=404),
    *in_admin("accounts_appointment", "appointment", ADMINS),
    *in_admin("accounts_unit", "north", ADMINS, {QUALITY, ADMIN}),
    *in_admin("accounts_organisation", "organisation", ADMINS, {ADMIN}),
    *in_admin("accounts_closure", "closure", ADMINS),
    *in_admin("accounts_deadline", "deadline", ADMINS, {QUALITY}),
    *in_admin("records_job", "job", {ADMIN}, history=404),
]

PAGES = [*FEEDBACK, *CUSTOMERS, *IMPORTS, *FIGURES, *FIRM, *TRAIL, *OWN, *SIGNING_IN, *PRIVACY, *ADMIN_SITE]
