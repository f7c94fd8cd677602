"""The typed history table of a record, declared with simple-history and filled by the database's own triggers."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

# Facts of the latest change, and of the record itself, that no form may set.
KEPT_BY_HEED = frozenset(
    {
        "id",
        "reference",
        "rev",
        "recorded_at",
        "recorded_by",
        "changed_at",
        "changed_by",
        "verb",
        "reason",
        "channel",
        "request_id",
        "voided_at",
        "voided_by",
        "void_reason",
    }
)


class Versions(HistoricalRecords):
    """One row per version: unique (id, rev). Columns are copied by trigger, never by Python."""

    def __init__(self, **options):
        options.setdefault("inherit", True)
        options.setdefault("history_id_field", models.BigAutoField())
        super().__init__(**options)

    def copy_fields(self, model):
        fields = super().copy_fields(model)
        for field in fields.values():
            # As-of looks versions up by (id, rev) and by moment; other indexes would only slow every save.
            field.db_index = False
        return fields

    def _get_history_user_fields(self):
        # Who is a column of the record itself; a second copy could only disagree.
        return {"history_user": property(lambda version: version.changed_by)}

    def get_meta_options(self, model):
        table = model._meta.db_table
        return super().get_meta_options(model) | {
            "constraints": [models.UniqueConstraint(fields=["id", "rev"], name=f"{table}_version")],
            "indexes": [
                models.Index(fields=["changed_at"], name=f"{table[:20]}_changed"),
                models.Index(fields=["reference"], name=f"{table[:20]}_as_of"),
                *_twins(model),
            ],
            "verbose_name": _("version of %(thing)s") % {"thing": model._meta.verbose_name},
        }


def _twins(model):
    """The indexes that serve sorted lists, again over versions: a list as of a day is then as quick as today's."""
    return [
        models.Index(fields=index.fields, name=f"{index.name[:24]}_as_of")
        for index in model._meta.indexes
        if len(index.fields) > 1 and index.condition is None
    ]


def tracked_models():
    """Every model whose versions are kept, in a steady order."""
    from django.apps import apps

    return sorted(
        (model for model in apps.get_models() if hasattr(model._meta, "simple_history_manager_attribute")),
        key=lambda model: model._meta.label_lower,
    )


def history_of(model):
    """The history model of a tracked model."""
    return getattr(model, model._meta.simple_history_manager_attribute).model
