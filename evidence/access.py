"""What is kept of one person, as a ZIP for them to have (GDPR Art. 15): in words, as JSON and as tables."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Organisation
from records.csv_export import cell, neutralised
from trail import personal
from trail.history import history_of, tracked_models
from trail.mentions import mentions_of

NOT_TOLD = frozenset({"password", "rights_hash", "name_key", "token_hash"})


@dataclass(frozen=True)
class Part:
    """One kind of thing: a name for its files, a heading, and its rows, all with the same keys."""

    name: str
    heading: str
    rows: list


def file_name(row):
    """Tells nothing of who it is."""
    kind = personal.kind_of(row)
    return f"heed-{kind.rtype.replace('.', '-')}-{getattr(row, 'reference', row.pk)}.zip"


def zipped(row) -> bytes:
    """The ZIP: README.txt, data.json with all parts, and a CSV for each."""
    parts, target = parts_of(row), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _in_words(parts))
        told = {part.name: part.rows for part in parts}
        archive.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=2, default=_plain))
        for part in parts:
            archive.writestr(f"{part.name}.csv", _table(part.rows))
    return target.getvalue()


def parts_of(row) -> list[Part]:
    """Everything that is kept of the person, every version of each record included."""
    person = personal.person_of(row)
    kind, parts = person.kind, []
    if not kind.is_record:
        parts.append(Part(kind.model._meta.model_name, _heading(kind.model), [_told(row)]))
    for model, ids in person.own.items():
        parts.append(Part(model._meta.model_name, _heading(model), _versions(model, ids)))
    named = mentions_of(person) if person.texts else []
    rows = [
        {"kind": str(one.model._meta.verbose_name), "text": text} for one in named for text in _passages(one, person)
    ]
    parts.append(Part("named_elsewhere", _("Texts about others that name them"), rows))
    for store in personal.stores():
        rows = [store.tell(one) for one in store.find(person)]
        parts.append(Part(store.name.replace(" ", "_"), str(store.label), rows))
    return [part for part in parts if part.rows]


def _versions(model, ids):
    """The records as they stand, or each of their versions, with what they point to in words."""
    if model not in tracked_models():
        return [_told(one) for one in model._base_manager.filter(pk__in=ids).order_by("pk")]
    rows = history_of(model).objects.filter(id__in=ids).order_by("id", "rev")
    return [_told(one, model) for one in rows]


def _told(one, model=None):
    told = {}
    for field in (model or type(one))._meta.concrete_fields:
        if field.name not in NOT_TOLD:
            value = getattr(one, field.attname)
            is_choice = field.choices and not isinstance(field, models.ForeignKey)
            told[field.name] = str(dict(field.flatchoices).get(value, value)) if is_choice and value else value
    return told


def _passages(mention, person):
    """The texts that name them, of the versions that do; not what else those records say."""
    if mention.model in tracked_models():
        rows = history_of(mention.model).objects.filter(id=mention.pk, rev__in=mention.revs)
    else:
        rows = mention.model._base_manager.filter(pk=mention.pk)
    texts = {}
    for one in rows:
        for field in mention.model._meta.concrete_fields:
            value = getattr(one, field.attname)
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            if person.is_named_in(text):
                texts[text] = None
    return list(texts)


def _in_words(parts):
    firm = Organisation.current()
    lines = [
        _("What %(firm)s keeps of you in Heed") % {"firm": firm},
        _("Made on %(day)s.") % {"day": date_format(timezone.localtime(), "j F Y, H:i")},
        "",
        _("data.json holds everything; each CSV file holds one kind of it, a line for each version."),
        "",
    ]
    lines += [f"{part.name}.csv: {part.heading}, {len(part.rows)}" for part in parts]
    return "\r\n".join([*lines, ""])


def _table(rows):
    target = io.StringIO(newline="")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(target)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return "\ufeff" + target.getvalue()  # so that spreadsheets read UTF-8 as UTF-8


def _cell(value):
    if isinstance(value, (list, dict)):
        return neutralised(json.dumps(value, ensure_ascii=False, default=_plain))
    return cell(value)


def _plain(value):
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return str(value)


def _heading(model):
    return str(model._meta.verbose_name_plural)
