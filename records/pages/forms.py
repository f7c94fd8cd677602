"""Forms that make or change a record: no double sends, no lost update."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.conflicts import compare
from records.drafts import clear_draft, draft_of
from records.middleware import bad_request
from records.models import Conflict
from records.submissions import SentAlready, came_to, claim, new_token, token_of

from .page import RecordPage


class FormPage(RecordPage):
    """What new and edit share. `draft` names the person's draft of this form; empty: none is kept."""

    template_name = "records/form.html"
    form_class = None
    is_for_change = True
    save_label = gettext_lazy("Save")
    draft = ""

    def get_form(self, data=None, files=None, **options):
        return self.form_class(data, files, user=self.request.user, **options)

    def get_success_url(self, record):
        return record.get_absolute_url()

    def show(self, form, status=200, **context):
        record = context.get("record")
        back = record.get_absolute_url() if record is not None else self.get_cancel_url()
        return self.render(
            form=form, status=status, save_label=self.save_label, draft=self.draft, cancel_url=back, **context
        )

    def get_cancel_url(self):
        return reverse(self.crumbs[-1][0]) if self.crumbs else ""


class RecordCreate(FormPage):
    """A form for a new record. Sent twice, it makes one. A ValidationError of `make` is put back on the form."""

    def get_initial(self):
        return {}

    def get(self, request, **names):
        draft = draft_of(request.user, self.draft) if self.draft else {}
        form = self.get_form(initial={**self.get_initial(), **draft})
        return self.show(form, token=new_token(), has_draft=bool(draft))

    def post(self, request, **names):
        form = self.get_form(request.POST, request.FILES)
        try:
            with transaction.atomic():
                # Before the form is read: what the first of two sends made would count against the second.
                submission = claim(request)
                if not form.is_valid():
                    transaction.set_rollback(True)
                else:
                    record = self.make(form)
                    url = self.get_success_url(record)
                    came_to(submission, url)
                    if self.draft:
                        clear_draft(request.user, self.draft)
        except SentAlready as earlier:
            return HttpResponseRedirect(earlier.url)
        except ValidationError as fault:
            put_back(form, fault)
        except IntegrityError:
            form = self.get_form(request.POST, request.FILES)
            if form.is_valid():
                raise  # no rule of the form's: a fault of ours
        if not form.is_valid():
            return self.show(form, status=400, token=token_of(request))
        self.tell(record)
        return HttpResponseRedirect(url)

    def make(self, form):
        """Write the record and return it. Runs inside the transaction."""
        record = form.save(commit=False)
        record.save(by=self.request.user)
        form.save_m2m()
        return record

    def tell(self, record):
        messages.success(self.request, _("%(reference)s %(title)s is saved.") % words_of(record))


class RecordEdit(FormPage):
    """A form for an existing record. When somebody else changed it meanwhile: 409, both texts, and a choice.

    A ValidationError of `change` is put back on the form.
    """

    def get(self, request, reference):
        record = self.get_record()
        self.must_stand(record)
        return self.show(self.get_form(instance=record), record=record, rev=record.rev)

    def post(self, request, reference):
        sent = request.POST.get("rev", "")
        if not (sent.isascii() and sent.isdigit() and len(sent) < 10):
            self.get_record()  # whoever may not change it learns that first
            return bad_request(_("This form does not say which version it changes. Open it again."))
        try:
            return self._change(int(sent))
        except Conflict as conflict:
            return self._conflict(conflict.record, int(sent))

    def _change(self, rev):
        try:
            with transaction.atomic():
                record = self.get_record(lock=True)
                self.must_stand(record)
                if record.rev != rev:
                    raise Conflict(record)
                form = self.get_form(self.request.POST, self.request.FILES, instance=record)
                if form.is_valid() and form.has_changed():
                    record = self.change(form)
        except ValidationError as fault:
            put_back(form, fault)
        if not form.is_valid():
            return self.show(form, status=400, record=self.get_record(), rev=rev)
        if not form.has_changed():
            messages.info(self.request, _("Nothing was changed."))
            return HttpResponseRedirect(self.get_success_url(record))
        self.tell(record)
        return HttpResponseRedirect(self.get_success_url(record))

    def change(self, form):
        """Write the change and return the record. Runs inside the transaction."""
        record = form.save(commit=False)
        record.save(by=self.request.user, reason=form.cleaned_data.get("reason", ""))
        form.save_m2m()
        return record

    def _conflict(self, stale, rev):
        record = self.get_record()
        form, differences, versions = compare(self, record, rev)
        return self.show(
            form, status=409, record=record, rev=record.rev, differences=differences, versions_since=versions
        )

    def tell(self, record):
        messages.success(self.request, _("%(reference)s %(title)s is changed.") % words_of(record))


def put_back(form, fault):
    """Let the form say what the verb behind it refused; faults of fields it does not have stand above it."""
    if not hasattr(fault, "error_dict"):
        form.add_error(None, fault)
        return
    for name, faults in fault.error_dict.items():
        form.add_error(name if name in form.fields else None, faults)


def words_of(record):
    title = record.title
    return {"reference": record.reference, "title": title if title != record.reference else ""}
