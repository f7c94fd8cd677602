"""manage.py import_feedback: bring a file of feedback from the command line, by the same work as in the browser."""

import json
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from records.importing.command import Refused, bring


class Command(BaseCommand):
    help = "Import a CSV file of feedback. Prints a JSON summary; the exit code is 1 when a row or the file is faulty."

    def add_arguments(self, parser):
        parser.add_argument("file", help="the CSV file")
        parser.add_argument("--source", required=True, help="where the file comes from, for example CRM")
        parser.add_argument("--mapping", required=True, help="a JSON file that matches columns (docs/importing.md)")
        parser.add_argument("--as", dest="email", required=True, help="e-mail of the person who imports")
        parser.add_argument(
            "--unit", default="", help="reference of the unit the records belong to (default: whole firm)"
        )
        parser.add_argument("--dry-run", action="store_true", help="check every row and import nothing")

    def handle(self, *args, **options):
        try:
            summary = bring(
                "feedback",
                Path(options["file"]),
                source=options["source"],
                mapping=Path(options["mapping"]),
                email=options["email"],
                unit=options["unit"],
                dry_run=options["dry_run"],
            )
        except (Refused, ValidationError) as fault:
            messages = fault.messages if isinstance(fault, ValidationError) else [str(fault)]
            summary = {"imported": 0, "refused": messages, "errors": []}
        self.stdout.write(json.dumps(summary, ensure_ascii=False, indent=1))
        if summary.get("refused") or summary["errors"]:
            raise SystemExit(1)
