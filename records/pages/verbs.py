"""Verbs: what is done to one record by pressing a button."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.forms import ReasonForm
from records.models import Conflict

from .forms import put_back, words_of
from .page import RecordPage


class RecordVerb(RecordPage):
    """Does one thing to one record, by POST only. `act(record, form)` decides under a lock on the record.

    A ValidationError of the act is put back on the form, which is then shown on a page of its own with all that was
    typed. `message` may use %(reference)s and %(title)s.
    """

    http_method_names = ["post", "options"]
    template_name = "records/verb.html"
    form_class = None
    is_for_change = True
    works_on_void = False
    label = ""
    message = ""

    def post(self, request, reference):
        form = self.get_form()
        record = None
        try:
            with transaction.atomic():
                record = self.get_record(lock=True)
                if not self.works_on_void:
                    self.must_stand(record)
                if form is not None and not form.is_valid():
                    return self._show(form, status=400)
                self.act(record, form)
        except ValidationError as fault:
            return self._put_back(form, fault)
        except Conflict:
            fault = ValidationError(_("Somebody else changed this record at the same moment. Look, and try again."))
            return self._put_back(form, fault, status=409)
        self.tell(record)
        return HttpResponseRedirect(self.get_success_url(record))

    def get_form(self):
        if self.form_class is None:
            return None
        return self.form_class(self.request.POST, self.request.FILES)

    def act(self, record, form):
        raise NotImplementedError

    def tell(self, record):
        if self.message:
            tags = f"undo:{undo}" if (undo := self.get_undo_url(record)) else ""
            messages.success(self.request, str(self.message) % words_of(record), extra_tags=tags)

    def get_undo_url(self, record):
        """Where a POST takes this back, or ""."""
        return ""

    def get_success_url(self, record):
        """The page it was pressed on, when the form names one of ours in `next`; else the record's."""
        wanted = self.request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(wanted, {self.request.get_host()}, self.request.is_secure()):
            return wanted
        return record.get_absolute_url()

    def _put_back(self, form, fault, status=400):
        if form is None:
            return self._show(None, status=status, faults=fault.messages)
        put_back(form, fault)
        return self._show(form, status=status)

    def _show(self, form, status, **context):
        return self.render(status=status, form=form, record=self.get_record(), action=self.request.path, **context)


class RecordVoid(RecordVerb):
    """Takes a record out of force, with a reason. Nothing is deleted."""

    form_class = ReasonForm
    title = gettext_lazy("Void this record")
    label = gettext_lazy("Void it")
    message = gettext_lazy("%(reference)s %(title)s is void.")

    def act(self, record, form):
        record.void(by=self.request.user, reason=form.cleaned_data["reason"])
