"""The page of one record, with its history."""

from django.urls import reverse

from trail.changes import changes_of

from .page import RecordPage


class RecordDetail(RecordPage):
    """Extend `records/detail.html`; add to the context in `get_context`. History pages by `?before=<version>`."""

    template_name = "records/detail.html"
    edit_url_name = ""
    void_url_name = ""

    def get(self, request, reference):
        self.record = self.get_record()
        return self.render(record=self.record)

    def get_context(self, **context):
        before = self.request.GET.get("before", "")
        before = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
        versions, older = changes_of(self.record, before=before)
        return super().get_context(
            versions=versions,
            older_versions=older,
            history_is_open=before is not None,
            may_change=self.may("change"),
            may_void=self.may("void"),
            edit_url=self._url(self.edit_url_name),
            void_url=self._url(self.void_url_name),
            **context,
        )

    def _url(self, name):
        return reverse(name, args=[self.record.reference]) if name else ""

    def may(self, action):
        """Whether the person may change or void this record: for showing buttons, not for deciding."""
        user = self.request.user
        if self.record.is_voided or not user.has_perm(self.model.permission(action)):
            return False
        return self.model.objects.changeable_by(user).filter(pk=self.record.pk).exists()
