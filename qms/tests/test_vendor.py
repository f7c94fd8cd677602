"""Files that others wrote: each is listed with where it came from, is what the list says, and has its licence."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "static" / "vendor"
LOCK = json.loads((VENDOR / "vendor.lock.json").read_text(encoding="utf-8"))
SPRITE = next(VENDOR.glob("tabler-icons-*/icons.svg"))
PLACES_OF_ICONS = (
    r'{% icon ["\']([a-z0-9-]+)["\']',
    r'\bicon\s*=\s*"([a-z0-9-]+)"',
    r'\bicon: str = "([a-z0-9-]+)"',
    r'_icon\s*=\s*"([a-z0-9-]+)"',
    r'\bicon\|default:"([a-z0-9-]+)"',
)


@pytest.mark.parametrize("package", LOCK["packages"], ids=lambda package: package["name"])
def test_vendored_package_is_what_the_lock_says(package):
    folder = VENDOR / package["folder"]
    assert package["version"] in package["folder"]
    assert package["integrity"].startswith("sha512-")
    assert "LICENSE" in package["files"]
    assert {path.name for path in folder.iterdir()} == set(package["files"])
    for name, digest in package["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_nothing_is_vendored_without_an_entry():
    assert {path.name for path in VENDOR.iterdir() if path.is_dir()} == {one["folder"] for one in LOCK["packages"]}


def test_sprite_holds_the_icons_its_entry_names():
    entry = next(one for one in LOCK["packages"] if "icons" in one)
    assert re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE.read_text(encoding="utf-8")) == entry["icons"]


def test_every_icon_that_is_used_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE.read_text(encoding="utf-8")))
    sources = [path for path in ROOT.rglob("*.html") if ".venv" not in path.parts]
    sources += [path for path in ROOT.rglob("*.py") if not {".venv", "tests"} & set(path.parts)]
    used = {
        (name, str(path.relative_to(ROOT)))
        for path in sources
        for pattern in PLACES_OF_ICONS
        for name in re.findall(pattern, path.read_text(encoding="utf-8"))
    }
    assert [(name, path) for name, path in sorted(used) if name not in known] == []
