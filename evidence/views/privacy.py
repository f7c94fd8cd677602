"""Privacy: what is kept of a person, a copy of it for them, its erasure, and legal holds."""

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evidence import access, erasing, preview
from evidence.forms import ConfirmForm, DeclineForm, ErasureForm, HoldForm
from evidence.models import ErasureRequest, LegalHold
from records.filters import RecordFilter
from records.forms import ReasonForm
from records.middleware import bad_request
from records.pages import Column, RecordCreate, RecordDetail, RecordList, RecordPage, RecordVerb
from records.text import clean_query
from trail import events, personal
from trail.erasing import plan_for

CRUMBS = (("privacy:list", _("Privacy")),)
FOUND = 20  # of each kind of person
SHORTEST = 2


class RequestFilter(RecordFilter):
    state = django_filters.ChoiceFilter(
        label=_("State"),
        method="in_state",
        choices=[("open", _("not decided, or at work")), ("erased", _("erased")), ("declined", _("declined"))],
    )

    class Meta(RecordFilter.Meta):
        model = ErasureRequest
        fields = []

    def in_state(self, queryset, name, value):
        if value == "open":
            return queryset.open()
        return queryset.filter(**{f"{value}_at__isnull": False})


class RequestList(RecordList):
    permission_required = "evidence.view_erasurerequest"
    queryset = ErasureRequest.objects.select_related("recorded_by", "confirmed_by", "declined_by")
    filterset_class = RequestFilter
    template_name = "privacy/list.html"
    title = _("Privacy")
    lead = _("What is kept of people, who is to be erased, and what must be kept.")
    columns = (
        Column("request", _("Request"), by="reference"),
        Column("about", _("About")),
        Column("basis", _("Basis"), by="basis"),
        Column("asked", _("Asked"), by="recorded_at"),
        Column("state", _("State")),
    )
    sort = "-asked"
    row_template = "privacy/_row.html"
    csv_columns = (
        (_("Request"), "reference"),
        (_("About"), "about"),
        (_("Basis"), "get_basis_display"),
        (_("Asked by"), "recorded_by.name"),
        (_("Asked"), "recorded_at"),
        (_("State"), "state_words"),
        (_("Confirmed by"), "confirmed_by.name"),
        (_("Erased"), "erased_at"),
        (_("Declined by"), "declined_by.name"),
    )
    empty_icon = "user-off"
    empty_title = _("Nobody was to be erased yet")
    empty_words = _("When somebody asks, look for them above: you see what is kept, and what would go.")

    def get_context(self, **context):
        return super().get_context(may_ask=self.request.user.has_perm("evidence.add_erasurerequest"), **context)

    def prepare(self, records):
        """Who each is about, in one query for each kind of person."""
        for kind in personal.kinds():
            of_kind = [one for one in records if one.subject_rtype == kind.rtype]
            rows = kind.model._base_manager.in_bulk({one.subject_rid for one in of_kind}) if of_kind else {}
            for one in of_kind:
                one.__dict__["subject"] = rows.get(one.subject_rid)


class PrivacyPage(RecordPage):
    """A page for those who may ask for an erasure."""

    permission_required = "evidence.add_erasurerequest"
    queryset = ErasureRequest.objects.all()
    crumbs = CRUMBS


class Find(PrivacyPage):
    """`?q=`: people of every kind that the person may see, by name, e-mail or reference."""

    template_name = "privacy/find.html"
    title = _("Find a person")

    def get(self, request):
        try:
            words = " ".join(clean_query(request.GET).get("q", "").split())
        except ValidationError as fault:
            return bad_request(" ".join(fault.messages))
        is_short = len(words) < SHORTEST
        return self.render(words=words, is_short=is_short, found=[] if is_short else self._found(words))

    def _found(self, words):
        groups = []
        for kind in personal.kinds():
            if not self.request.user.has_perm(kind.view_permission):
                continue
            wanted = Q()
            for name in (*kind.names, *kind.addresses, *(["reference"] if kind.is_record else [])):
                wanted |= Q(**{f"{name}__icontains": words})
            rows = list(kind.rows().filter(wanted).order_by("name", "pk")[:FOUND])
            if rows:
                groups.append({"label": kind.label, "rows": [(row, link_to(row), hint_of(row)) for row in rows]})
        return groups


def link_to(row, page="person"):
    return reverse(f"privacy:{page}", args=[personal.kind_of(row).rtype, row.pk])


def hint_of(row):
    parts = [getattr(row, "reference", ""), str(getattr(row, "customer", "")), getattr(row, "email", "")]
    return " · ".join(part for part in parts if part)


class OfPerson(PrivacyPage):
    """A page about the person that the address names."""

    @cached_property
    def row(self):
        try:
            kind = personal.kind_called(self.kwargs["rtype"])
        except LookupError:
            raise Http404(gettext("There is no such kind of person.")) from None
        row = kind.rows().filter(pk=self.kwargs["pk"]).first() if self.kwargs["pk"] < 2**63 else None
        if row is None:
            raise Http404(gettext("There is no such person, or they are not yours to see."))
        return row

    @cached_property
    def called(self):
        """By name for those who may see such people, by number for others."""
        kind = personal.kind_of(self.row)
        if self.request.user.has_perm(kind.view_permission):
            return getattr(self.row, "title", None) or str(self.row)
        return f"{kind.label} {getattr(self.row, 'reference', '') or self.row.pk}"

    def get_context(self, **context):
        above = [{"url": reverse(name), "label": label} for name, label in CRUMBS]
        if self.title:
            above.append({"url": link_to(self.row), "label": self.called})
        crumbs = [*above, {"label": self.title or self.called}]
        context = {"row": self.row, "called": self.called, "kind": personal.kind_of(self.row), **context}
        return super().get_context(**context) | {"crumbs": crumbs}

    def here(self, record):
        return self.title or self.called

    def get_cancel_url(self):
        return link_to(self.row)


class PersonDetail(OfPerson):
    """What is kept of one person, what would go, what stands against it."""

    template_name = "privacy/person.html"

    def get(self, request, rtype, pk):
        plan, user = plan_for(self.row), request.user
        return self.render(
            plan=plan,
            sections=preview.sections_of(plan, user),
            hindered=personal.hindered(plan.person),
            holds=erasing.holds_of(self.row),
            open_request=erasing.open_request_of(self.row),
            links={name: link_to(self.row, name) for name in ("erase", "data", "hold_create")},
            may_hold=user.has_perm("evidence.add_legalhold"),
            url=self.row.get_absolute_url(),
        )


class PersonData(OfPerson):
    """Everything that is kept of the person, as a ZIP; the trail says who took it."""

    http_method_names = ["post", "options"]

    def post(self, request, rtype, pk):
        content, name = access.zipped(self.row), access.file_name(self.row)
        about = getattr(self.row, "reference", "") or f"{personal.kind_of(self.row).rtype} {pk}"
        events.tell("exported", user=request.user, path=request.path, reference=getattr(self.row, "reference", ""),
                    detail=gettext("access request: %(about)s") % {"about": about})  # fmt: skip
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        add_never_cache_headers(response)
        return response


class RequestCreate(OfPerson, RecordCreate):
    """Ask for an erasure, before the eyes what it would empty."""

    template_name = "privacy/erase.html"
    title = _("Ask for an erasure")
    save_label = _("Ask for it")
    form_class = ErasureForm

    def get_form(self, data=None, files=None, **options):
        choices = preview.mention_choices(self.plan, self.request.user)
        return ErasureForm(data, mentions=choices, initial=options.get("initial"))

    @cached_property
    def plan(self):
        return plan_for(self.row)

    def get_context(self, **context):
        sections = preview.sections_of(self.plan, self.request.user)
        hindered = personal.hindered(self.plan.person)
        return super().get_context(plan=self.plan, sections=sections, hindered=hindered, **context)

    def make(self, form):
        return erasing.ask(by=self.request.user, row=self.row, **form.cleaned_data)

    def tell(self, record):
        text = gettext("%(reference)s is asked for. An administrator confirms it.") % {"reference": record.reference}
        messages.success(self.request, text)


class RequestDetail(RecordDetail):
    permission_required = "evidence.view_erasurerequest"
    queryset = ErasureRequest.objects.select_related("recorded_by", "confirmed_by", "declined_by")
    template_name = "privacy/request.html"
    crumbs = CRUMBS

    def get_context(self, **context):
        asked, user = self.record, self.request.user
        row, waits = asked.subject, asked.state == "asked" and not asked.is_voided
        if waits and row is not None:
            plan = plan_for(row, asked.spared)
            context |= {"plan": plan, "sections": preview.sections_of(plan, user)}
            context["hindered"] = personal.hindered(plan.person, user)
        may_decide = waits and user.has_perm("evidence.change_erasurerequest")
        context["needs_another"] = may_decide and erasing.needs_another(asked, user)
        return super().get_context(
            row=row,
            person_url=link_to(row) if row is not None and user.has_perm("evidence.add_erasurerequest") else "",
            counted=preview.counted(asked.counts),
            may_decide=may_decide,
            is_own=asked.recorded_by_id == user.pk,
            confirm_form=ConfirmForm(),
            decline_form=DeclineForm(auto_id="decline_%s"),
            **context,
        )


class Decision(RecordVerb):
    """What an administrator decides. The request is read anew under a lock by `evidence.erasing`."""

    permission_required = "evidence.change_erasurerequest"
    queryset = ErasureRequest.objects.all()


class RequestConfirm(Decision):
    form_class = ConfirmForm
    title = _("Confirm the erasure")
    label = _("Erase for good")
    message = _("%(reference)s is confirmed. It is carried out within a minute.")

    def act(self, record, form):
        erasing.confirm(by=self.request.user, asked=record, typed=form.cleaned_data["typed"])


class RequestDecline(Decision):
    form_class = DeclineForm
    title = _("Decline the erasure")
    label = _("Decline it")
    message = _("%(reference)s is declined.")

    def act(self, record, form):
        erasing.decline(by=self.request.user, asked=record, reason=form.cleaned_data["reason"])


# Legal holds


class HoldFilter(RecordFilter):
    class Meta(RecordFilter.Meta):
        model = LegalHold
        fields = []


class HoldList(RecordList):
    permission_required = "evidence.view_legalhold"
    queryset = LegalHold.objects.select_related("recorded_by")
    filterset_class = HoldFilter
    title = _("Legal holds")
    lead = _("Whose data are kept for now, whoever asks.")
    crumbs = CRUMBS
    columns = (
        Column("hold", _("Hold"), by="reference"),
        Column("about", _("About")),
        Column("from", _("From"), by="from_on"),
        Column("to", _("To")),
        Column("by", _("Decided by")),
    )
    sort = "-from"
    row_template = "privacy/_hold_row.html"
    csv_columns = (
        (_("Hold"), "reference"),
        (_("About"), "about"),
        (_("Why"), "why"),
        (_("From"), "from_on"),
        (_("To"), "to_on"),
        (_("Decided by"), "recorded_by.name"),
    )
    empty_icon = "lock"
    empty_title = _("Nothing is on hold")
    empty_words = _("A hold is put on a person from the page that shows what is kept of them.")
    prepare = RequestList.prepare


class HoldDetail(RecordDetail):
    permission_required = "evidence.view_legalhold"
    queryset = LegalHold.objects.select_related("recorded_by")
    template_name = "privacy/hold.html"
    crumbs = (*CRUMBS, ("privacy:holds", _("Legal holds")))

    def get_context(self, **context):
        user, row = self.request.user, self.record.subject
        return super().get_context(
            person_url=link_to(row) if row is not None and user.has_perm("evidence.add_erasurerequest") else "",
            end_form=ReasonForm(),
            **context,
        )


class HoldCreate(OfPerson, RecordCreate):
    permission_required = "evidence.add_legalhold"
    title = _("Put on legal hold")
    save_label = _("Keep their data")
    form_class = HoldForm
    template_name = "privacy/hold_form.html"

    def get_form(self, data=None, files=None, **options):
        return HoldForm(data, initial=options.get("initial"))

    def make(self, form):
        return erasing.hold(by=self.request.user, row=self.row, **form.cleaned_data)

    def tell(self, record):
        messages.success(self.request, gettext("%(reference)s stands.") % {"reference": record.reference})


class HoldEnd(RecordVerb):
    permission_required = "evidence.change_legalhold"
    queryset = LegalHold.objects.all()
    form_class = ReasonForm
    title = _("End this hold")
    label = _("End it")
    message = _("%(reference)s ends today. From tomorrow it stands against nothing.")

    def act(self, record, form):
        erasing.end_hold(by=self.request.user, held=record, reason=form.cleaned_data["reason"])
