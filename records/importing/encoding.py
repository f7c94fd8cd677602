"""In which encoding a file is written, and whether it is text at all."""

import codecs
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

BLOCK = 1 << 20
SURROGATE = re.compile("[\ud800-\udfff]")
BEYOND_ASCII = re.compile("[^\x00-\x7f\ud800-\udfff]")

# What a person may choose on the page: Python's codec name and what it is called.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "mac-roman": "Mac Roman",
}
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
FORMATS = (
    (b"PK\x03\x04", "a spreadsheet or ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a media file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"\xfd7zXZ\x00", "a compressed file"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file"),
    (b"Rar!\x1a\x07", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"{\\rtf", "a text document with formatting"),
)


@dataclass(frozen=True)
class Found:
    codec: str
    damaged: bool = False
    notes: tuple[str, ...] = ()


def known_format(head):
    """What the first bytes of a file that is no text say it is, or an empty string."""
    return next((_(name) for magic, name in FORMATS if head.startswith(magic)), "")


def control_share(head):
    """Share of bytes that do not occur in text, 0 to 1; UTF-16 is text."""
    if any(head.startswith(mark) for mark, _codec in MARKS) or _unmarked_utf16(head):
        return 0
    strange = sum(head.count(byte) for byte in (*range(9), *range(14, 27), *range(28, 32), 127))
    return strange / len(head)


def _unmarked_utf16(head):
    """The codec when every second byte is NUL, as Western text in UTF-16 has it."""
    pairs = len(head) // 2
    if pairs < 4:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return ""


def detect_encoding(stream, chosen=None):
    """How the whole file decodes, as Found; None when it cannot be in the `chosen` encoding or the one of its mark."""
    stream.seek(0)
    head = stream.read(1 << 16)
    mark = next((codec for magic, codec in MARKS if head.startswith(magic)), "")
    if chosen and chosen not in ENCODINGS:
        return None
    codec = chosen or mark or _unmarked_utf16(head) or "utf-8"
    if codec == "utf-8" and mark == "utf-8-sig":
        codec = mark
    try:
        bad, good = _count(stream, codec)
    except UnicodeError:  # UTF-16 that breaks off or never was
        return None
    if chosen:
        return _found(codec, bad)
    # A few broken bytes among many good characters: a damaged UTF-8 file. Otherwise it is of the one-byte family.
    if not bad or codec != "utf-8" or good >= 4 * bad:
        return _found(codec, bad)
    for codec in ("cp1252", "latin-1"):
        if not _count(stream, codec)[0]:
            note = _(
                "This file is not in UTF-8. It was read as %(encoding)s; look at letters with accents in the sample."
            )
            return Found(codec, notes=(note % {"encoding": ENCODINGS[codec]},))
    raise AssertionError("Latin-1 reads any bytes")


def _found(codec, bad):
    note = _("%(count)s bytes of this file are not %(encoding)s. The rows that hold them are listed as faulty.")
    return Found(codec, bool(bad), (note % {"count": bad, "encoding": ENCODINGS[codec]},) if bad else ())


def _count(stream, codec):
    """Bytes that do not decode, and characters beyond ASCII that do."""
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
    stream.seek(0)
    bad = good = 0
    while True:
        block = stream.read(BLOCK)
        text = decoder.decode(block, final=not block)
        if not text.isascii():
            bad += len(SURROGATE.findall(text))
            good += len(BEYOND_ASCII.findall(text))
        if not block:
            return bad, good
