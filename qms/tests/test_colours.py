"""The design's tokens: contrast in both themes, the dark set alike wherever it stands, nothing inline."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
SURFACES = ("paper", "card", "sunk", "rail", "hover")
# (colour, what it stands on, least contrast): 4.5 for text, 3 for marks and the borders of controls.
PAIRS = [
    *((ink, surface, 4.5) for ink in ("ink", "ink-2", "ink-3") for surface in SURFACES),
    *((kind, surface, 4.5) for kind in ("good", "bad", "neutral", "common") for surface in ("paper", "card")),
    *((kind, f"{kind}-bg", 4.5) for kind in ("good", "bad", "neutral", "error")),
    *((kind, "band", 3) for kind in ("good", "bad", "neutral", "common", "ink")),
    *(("line-strong", surface, 3) for surface in ("paper", "card")),
    ("on-ink", "ink", 4.5),
    ("on-ink", "ink-2", 4.5),
    ("error", "card", 4.5),
    ("ink", "mark", 4.5),
    ("ink-2", "common-bg", 4.5),
]


def _sets():
    """{theme: [tokens of each block that sets them]}."""
    blocks = re.findall(r"(:root[^{]*)\{([^{}]*--paper[^{}]*)\}", TOKENS)
    found = {"light": [], "dark": []}
    for selector, body in blocks:
        theme = "light" if selector.strip() == ":root" else "dark"
        found[theme].append(dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6}|[^;]+);", body)))
    return found


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_has_enough_contrast(theme):
    tokens = _sets()[theme][0]
    weak = {
        f"{colour} on {ground}": round(contrast(tokens[colour], tokens[ground]), 2)
        for colour, ground, least in PAIRS
        if contrast(tokens[colour], tokens[ground]) < least
    }
    assert weak == {}


def test_dark_is_the_same_by_the_system_and_by_choice():
    by_system, by_choice = _sets()["dark"]
    assert by_system == by_choice
    assert {name for name in _sets()["light"][0] if name in by_system} == set(by_system)


def test_style_sheets_import_nothing_and_name_no_token_that_is_not_set():
    known = set(re.findall(r"--([\w-]+):", TOKENS))
    for path in STYLES:
        text = path.read_text(encoding="utf-8")
        assert "@import" not in text, path.name
        assert set(re.findall(r"var\(--([\w-]+)", text)) <= known, path.name


def test_every_style_sheet_is_linked():
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html"))
    assert set(re.findall(r"css/([\w-]+\.css)", pages)) == {path.name for path in STYLES}


def test_no_template_holds_inline_style_or_script():
    forbidden = re.compile(r'\sstyle=|<style|\son[a-z]+=["\']|javascript:|hx-on|<script(?![^>]*\bsrc=)', re.IGNORECASE)
    templates = [path for path in ROOT.rglob("*.html") if ".venv" not in path.parts]
    at_fault = [str(path.relative_to(ROOT)) for path in templates if forbidden.search(path.read_text(encoding="utf-8"))]
    assert at_fault == []
