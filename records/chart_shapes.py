"""What a chart is made of, ready for a template: coordinates as strings with at most one decimal, texts as shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """The usual range of one segment."""

    x: str
    y: str
    width: str
    height: str
    is_trial: bool = False


@dataclass(frozen=True)
class Mark:
    """One point. `kind` is "better", "worse", "neutral", "common" or "none"; `shape` "diamond" (worse) or "circle".

    `hollow` is the period that is still running; `is_last` the latest that is over.
    """

    x: str
    y: str
    kind: str
    shape: str
    title: str = ""
    href: str = ""
    hollow: bool = False
    is_last: bool = False


@dataclass(frozen=True)
class Line:
    """A level line from `x1` to `x2` at `y`. Its label, "" where it has none, stands at `label_x`, `label_y`."""

    x1: str
    x2: str
    y: str
    label: str = ""
    label_x: str = ""
    label_y: str = ""


@dataclass(frozen=True)
class Tick:
    """A place on an axis: `x` and `y` are where its label stands."""

    x: str
    y: str
    label: str


@dataclass(frozen=True)
class Label:
    """A text that stands alone."""

    x: str
    y: str
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Note:
    """A remark tied to a point: its text, `anchor` "start" or "end", and pieces (y1, y2) of its line at `line_x`."""

    x: str
    y: str
    text: str
    anchor: str
    line_x: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sparkline:
    """A KPI's history at the size of a word: band, target, line, its signals and its latest point."""

    width: str
    height: str
    band_rects: tuple[Band, ...]
    target_y: str
    path_segments: tuple[str, ...]
    points: tuple[Mark, ...]
    label: str


@dataclass(frozen=True)
class MovingRange:
    """The chart of the changes from one value to the next."""

    width: str
    height: str
    left: str
    right: str
    bottom: str
    mean_lines: tuple[Line, ...]
    limit_lines: tuple[Line, ...]
    paths: tuple[str, ...]
    points: tuple[Mark, ...]
    label: str


@dataclass(frozen=True)
class XmrChart:
    """A control chart. `target` and `latest` are None where there is none; `description` is for `<desc>`.

    The plot lies between `left` and `right`, `top` and `bottom`; `running_path` leads to the hollow point, "" without.
    """

    width: str
    height: str
    left: str
    right: str
    top: str
    bottom: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]
    mean_lines: tuple[Line, ...]
    limit_lines: tuple[Line, ...]
    target: Line | None
    paths: tuple[str, ...]
    running_path: str
    points: tuple[Mark, ...]
    latest: Label | None
    notes: tuple[Note, ...]
    description: str
    mr: MovingRange


@dataclass(frozen=True)
class Bar:
    """A row of bars: `value` this period, `was` the one before (None where unknown), as an upright mark at `tick_x`."""

    label: str
    y: str
    bar_y: str
    width: str
    tick_x: str
    value: str
    was: str
    text_x: str
    text_y: str
    kind: str
    href: str


@dataclass(frozen=True)
class Bars:
    """Rows of this period against the previous one, all on one scale from zero."""

    width: str
    height: str
    bar_height: str
    rows: tuple[Bar, ...]
