"""What was measured, as a table and as JSON."""

import json
import platform
from dataclasses import asdict, dataclass

import django
from django.db import connection
from django.utils import timezone


@dataclass(frozen=True)
class Result:
    """One measurement. `goal` is the least or the most it should be (`at_most`), None where it is only told."""

    what: str
    value: float
    unit: str = ""
    goal: float | None = None
    at_most: bool = False

    @property
    def is_met(self):
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    @property
    def row(self):
        goal = "" if self.goal is None else f"{'at most' if self.at_most else 'at least'} {_short(self.goal)}"
        said = {None: "", True: "met", False: "missed"}[self.is_met]
        return self.what, f"{_short(self.value)} {self.unit}".strip(), goal, said


def table(results):
    rows = [("measured", "", "goal", ""), *(result.row for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    aligned = (
        "  ".join([row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(widths[2]), row[3]]).rstrip()
        for row in rows
    )
    return "\n".join(aligned)


def write(path, results, records):
    """Keep the results of this run in place of the last one's on this kind of database."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "at": timezone.now().isoformat(timespec="seconds"),
        "database": f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "records": records,
        "results": [asdict(result) | {"met": result.is_met} for result in results],
    }
    path.write_text(json.dumps(told, indent=2) + "\n")


def _short(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
