"""What all pages of records share: who may see them, and which record is meant."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from records.past import not_there


class RecordPage(View):
    """A page of one kind of record. No right to the kind: 403. A record outside the person's scope, or none: 404.

    `permission_required` is a name or several, of which one is enough.
    """

    permission_required = ()
    queryset = None
    template_name = None
    title = ""
    crumbs = ()  # pairs (URL name, label) of the pages above
    # What a page that changes something may be opened for; reading pages are opened for more.
    is_for_change = False

    def dispatch(self, request, *args, **kwargs):
        if not self.has_permission():
            raise PermissionDenied(_("Your roles do not include this."))
        return super().dispatch(request, *args, **kwargs)

    @classmethod
    def permissions(cls):
        wanted = cls.permission_required
        return (wanted,) if isinstance(wanted, str) else tuple(wanted)

    def has_permission(self):
        return any(self.request.user.has_perm(permission) for permission in self.permissions())

    @property
    def model(self):
        return self.queryset.model

    def get_queryset(self):
        """All records of this page's kind, before scope and filters. A hook for joins and annotations."""
        return self.queryset.all()

    def rows(self):
        """Those the person may read or, on a page that changes, change."""
        rows, user = self.get_queryset(), self.request.user
        return rows.changeable_by(user) if self.is_for_change else rows.visible_to(user)

    def get_record(self, lock=False):
        """The record that the address names. `lock` holds it until the transaction ends."""
        rows = self.rows()
        if lock:
            rows = rows.select_for_update(of=("self",))
        reference = self.kwargs["reference"].upper()
        record = rows.filter(reference=reference).first()
        if record is None:
            not_there(self.request, self.rows, reference=reference)
        return record

    def must_stand(self, record):
        """A void record stays as it is."""
        if record.is_voided:
            raise PermissionDenied(_("%(reference)s is void and stays as it is.") % {"reference": record.reference})

    def get_context(self, **context):
        """What the template gets. A hook for more."""
        above = [{"url": reverse(name), "label": label} for name, label in self.crumbs]
        record = context.get("record")
        if self.title and hasattr(record, "get_absolute_url"):  # something is done to it: its own page lies above
            above.append({"url": record.get_absolute_url(), "label": record.title})
        here = {"label": self.here(record)}
        return {"page": self, "title": self.title, "crumbs": [*above, here] if above else [], **context}

    def here(self, record):
        """What this page is called at the end of its crumbs."""
        return self.title or record.title

    def render(self, status=200, template=None, **context):
        return render(self.request, template or self.template_name, self.get_context(**context), status=status)
