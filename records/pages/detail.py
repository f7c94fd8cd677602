"""The page of one record, with its history: every version, and what differs between any two of them."""

from django.urls import reverse
from django.utils.translation import gettext as _

from trail.changes import changes_of, compared

from .page import RecordPage


class RecordDetail(RecordPage):
    """Extend `records/detail.html`; add to the context in `get_context`.

    History pages by `?before=<version>`; `?compare=<version>&with=<version>` sets two side by side, and answers with
    400 when there are no such two.
    """

    template_name = "records/detail.html"
    edit_url_name = ""
    void_url_name = ""

    def get(self, request, reference):
        self.record = self.get_record()
        return self.render(record=self.record)

    def render(self, status=200, template=None, **context):
        comparison = self._comparison()
        status = 400 if "compare_fault" in comparison else status
        return super().render(status, template, **context, **comparison)

    def get_context(self, **context):
        before = _version_number(self.request.GET.get("before", ""))
        versions, older = changes_of(self.record, before=before)
        return super().get_context(
            versions=versions,
            shown_version=next((version for version in versions if version.rev == self.record.rev), None),
            older_versions=older,
            history_is_open=before is not None,
            may_change=self.may("change"),
            may_void=self.may("void"),
            edit_url=self._url(self.edit_url_name),
            void_url=self._url(self.void_url_name),
            **context,
        )

    def _comparison(self):
        """What the history section says of the two versions that the address names; nothing when it names none."""
        asked = [self.request.GET.get(name, "") for name in ("compare", "with")]
        if not any(asked):
            return {}
        one, other = (_version_number(text) for text in asked)
        said = {"compare_asked": [text[:12] for text in asked]}
        if one is None or other is None:
            return {**said, "compare_fault": _("Write the numbers of two versions.")}
        if one == other:
            return {**said, "compare_fault": _("That is one version twice. Write the numbers of two versions.")}
        try:
            return {**said, "comparison": compared(self.record, one, other)}
        except LookupError:
            fault = _("There are no such two versions. The newest is version %(rev)s.") % {"rev": self.record.rev}
            return {**said, "compare_fault": fault}

    def _url(self, name):
        return reverse(name, args=[self.record.reference]) if name else ""

    def may(self, action):
        """Whether the person may change or void this record: for showing buttons, not for deciding."""
        user = self.request.user
        if self.record.is_voided or not user.has_perm(self.model.permission(action)):
            return False
        return self.model.objects.changeable_by(user).filter(pk=self.record.pk).exists()


def _version_number(text):
    """The number of a version that was asked for, or None where it is no such number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
