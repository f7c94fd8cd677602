"""People: who is here, inviting, correcting, appointing, letting go."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services, sessions
from accounts.filters import GONE, INVITED, PersonFilter
from accounts.forms.people import AppointmentForm, EndForm, InviteForm, PersonForm
from accounts.mails import send_invitation
from accounts.models import Appointment, Invitation, User
from accounts.owned import owned_by
from records.forms import ReasonForm
from records.pages import Action, Column, Preset, RecordList, RecordPage, RecordVerb, RecordVoid
from records.past import not_there
from trail import as_of

PEOPLE = (("accounts:people", gettext_lazy("People")),)


class PersonList(RecordList):
    permission_required = "accounts.view_user"
    queryset = User.objects.all()
    filterset_class = PersonFilter
    title = gettext_lazy("People and roles")
    lead = gettext_lazy("Who works with Heed, in which role and where.")
    columns = (
        Column("name", gettext_lazy("Name"), by="name"),
        Column("email", gettext_lazy("E-mail"), by="email"),
        Column("roles", gettext_lazy("Roles")),
        Column("state", gettext_lazy("State today")),
    )
    sort = "name"
    row_template = "accounts/_person_row.html"
    presets = (
        Preset(gettext_lazy("All"), ""),
        Preset(gettext_lazy("Invited"), f"state={INVITED}"),
        Preset(gettext_lazy("Deactivated"), f"state={GONE}"),
    )
    actions = (Action("accounts:invite", gettext_lazy("Invite somebody"), "accounts.add_user", is_main=True),)
    empty_icon = "users"
    empty_title = gettext_lazy("Nobody here yet")
    empty_words = gettext_lazy("Invite the people who hear from customers, and those who decide.")

    def prepare(self, records):
        held = Appointment.objects.held_on(as_of.today()).filter(user__in=records)
        held = held.select_related("unit").order_by("role")
        by_person = {}
        for appointment in held:
            by_person.setdefault(appointment.user_id, []).append(appointment)
        for person in records:
            person.held = by_person.get(person.pk, [])


class PersonPage(RecordPage):
    """A page about one person."""

    queryset = User.objects.all()
    crumbs = PEOPLE
    form_class = None
    save_label = gettext_lazy("Save")
    template_name = "accounts/person_form.html"

    def rows(self):
        return self.get_queryset().visible_to(self.request.user)

    def get_person(self):
        pk = self.kwargs["pk"] if self.kwargs["pk"] < 2**63 else 0
        person = self.rows().filter(pk=pk).first()
        if person is None:
            not_there(self.request, self.rows, "joined_at", pk=pk)
        self.person = person
        return person

    def here(self, record):
        return self.title or self.person.name

    def show(self, form, person, status=200, **context):
        return self.render(form=form, person=person, cancel_url=person.get_absolute_url(), status=status, **context)


class PersonDetail(PersonPage):
    permission_required = "accounts.view_user"
    template_name = "accounts/person.html"

    def get(self, request, pk):
        person, today = self.get_person(), as_of.today()
        may = request.user.has_perm
        held = Appointment.objects.filter(user=person).select_related("unit", "changed_by", "recorded_by")
        appointments = list(held) if may("accounts.view_appointment") else []
        return self.render(
            person=person,
            roles=Appointment.objects.held_on(today).filter(user=person).select_related("unit"),
            current=[a for a in appointments if _is_current(a, today)],
            past=[a for a in appointments if not _is_current(a, today)],
            shows_appointments=may("accounts.view_appointment"),
            owned=owned_by(person),
            invitation=Invitation.objects.open(timezone.now()).filter(user=person).first(),
            end_form=EndForm(auto_id=False),
            appoint_form=AppointmentForm() if may("accounts.add_appointment") and person.is_active else None,
            may_invite=may("accounts.add_user") and person.is_invited,
            may_change=may("accounts.change_user"),
            may_end=may("accounts.change_appointment"),
        )


def _is_current(appointment, today):
    return not appointment.is_voided and (appointment.to_on is None or appointment.to_on >= today)


class PersonForms(PersonPage):
    """Asks with a form, then does one thing to one person. What is refused stands on the form, with what was typed."""

    def get(self, request, pk):
        person = self.get_person()
        return self.show(self.get_form(person), person, **self.more(person))

    def post(self, request, pk):
        person = self.get_person()
        form = self.get_form(person, request.POST)
        if form.is_valid():
            try:
                self.act(person, form)
            except ValidationError as fault:
                _put_on(form, fault)
            else:
                sessions.keep_own(request, person)
                return HttpResponseRedirect(person.get_absolute_url())
        return self.show(form, person, status=400, **self.more(person))

    def get_form(self, person, data=None):
        return self.form_class(data)

    def more(self, person):
        """More for the template."""
        return {}

    def act(self, person, form):
        raise NotImplementedError


class PersonEdit(PersonForms):
    permission_required = "accounts.change_user"
    form_class = PersonForm
    title = gettext_lazy("Correct name or e-mail")

    def get_form(self, person, data=None):
        return PersonForm(data, person=person)

    def act(self, person, form):
        services.change_person(person=person, **form.cleaned_data)
        messages.success(self.request, _("%(name)s is saved.") % {"name": person})


class Appoint(PersonForms):
    permission_required = "accounts.add_appointment"
    form_class = AppointmentForm
    title = gettext_lazy("Give a role")
    save_label = gettext_lazy("Give this role")

    def act(self, person, form):
        made = services.appoint(by=self.request.user, person=person, **form.cleaned_data)
        message = _("%(name)s: %(role)s, from %(day)s.")
        day = date_format(made.from_on, "D j M Y")
        messages.success(self.request, message % {"name": person, "role": made.get_role_display(), "day": day})


class Deactivate(PersonForms):
    permission_required = "accounts.change_user"
    form_class = ReasonForm
    title = gettext_lazy("Deactivate")
    save_label = gettext_lazy("Deactivate and end all sessions")

    def more(self, person):
        return {"owned": owned_by(person), "is_deactivation": True}

    def act(self, person, form):
        services.deactivate(by=self.request.user, person=person, reason=form.cleaned_data["reason"])
        message = _("%(name)s cannot sign in any more; all sessions have ended.")
        messages.success(self.request, message % {"name": person})


class Reactivate(PersonPage):
    permission_required = "accounts.change_user"
    http_method_names = ["post", "options"]

    def post(self, request, pk):
        person = self.get_person()
        try:
            services.reactivate(by=request.user, person=person)
        except ValidationError as fault:
            messages.error(request, " ".join(fault.messages))
        else:
            messages.success(request, _("%(name)s may sign in again. Give them a role.") % {"name": person})
        return HttpResponseRedirect(person.get_absolute_url())


class Invite(RecordPage):
    permission_required = "accounts.add_user"
    queryset = User.objects.all()
    title = gettext_lazy("Invite somebody")
    crumbs = PEOPLE
    template_name = "accounts/person_form.html"
    save_label = gettext_lazy("Invite")

    def get(self, request):
        return self.show(InviteForm())

    def post(self, request):
        form = InviteForm(request.POST)
        if form.is_valid():
            given = dict(form.cleaned_data)
            by_mail = given.pop("send_mail")
            try:
                person, token = services.invite(by=request.user, **given)
            except ValidationError as fault:
                _put_on(form, fault)
            else:
                return show_link(self, person, token, by_mail=by_mail)
        return self.show(form, status=400)

    def show(self, form, status=200):
        return self.render(form=form, cancel_url=reverse("accounts:people"), status=status)


class InviteAgain(PersonPage):
    """A new link for somebody who never came; earlier links end."""

    permission_required = "accounts.add_user"
    http_method_names = ["post", "options"]
    title = gettext_lazy("Invite again")

    def post(self, request, pk):
        person = self.get_person()
        if not person.is_invited:
            messages.error(request, _("%(name)s has joined already, or is deactivated.") % {"name": person})
            return HttpResponseRedirect(person.get_absolute_url())
        _invitation, token = Invitation.issue(by=request.user, user=person)
        return show_link(self, person, token, by_mail="send_mail" in request.POST)


def show_link(page, person, token, *, by_mail):
    """The link, shown this once: it is not kept, so this page is the answer to the POST itself."""
    url = page.request.build_absolute_uri(reverse("invitation_enter", args=[token]))
    invitation = person.invitations.first()
    sent = by_mail and send_invitation(person=person, by=page.request.user, url=url, expires_at=invitation.expires_at)
    return page.render(
        template="accounts/invited.html",
        person=person,
        url=url,
        expires_at=invitation.expires_at,
        was_sent=sent,
        has_failed=by_mail and not sent,
    )


class EndAppointment(RecordVerb):
    permission_required = "accounts.change_appointment"
    queryset = Appointment.objects.select_related("user")
    form_class = EndForm
    title = gettext_lazy("End this appointment")
    label = gettext_lazy("End it")
    message = gettext_lazy("%(title)s ends.")

    def act(self, record, form):
        record.end(by=self.request.user, on=form.cleaned_data["to_on"], reason=form.cleaned_data["reason"])
        sessions.keep_own(self.request, record.user)


class VoidAppointment(RecordVoid):
    permission_required = "accounts.void_appointment"
    queryset = Appointment.objects.select_related("user")
    title = gettext_lazy("Take back this appointment")

    def act(self, record, form):
        super().act(record, form)
        sessions.keep_own(self.request, record.user)


def _put_on(form, fault):
    if not hasattr(fault, "error_dict"):
        form.add_error(None, fault)
        return
    for name, faults in fault.error_dict.items():
        form.add_error(name if name in form.fields else None, faults)
