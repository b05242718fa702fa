"""What a file is, by its bytes: names and announced types are not asked. Pure.

JPEG: ITU-T T.81, Annex B (segments). WebM: the EBML header of RFC 8794. Ogg: RFC 3533. MP4: ISO/IEC 14496-12 (`ftyp`).
"""

from __future__ import annotations

from collections.abc import Iterator

from linli.notices.terms import FileKind

JPEG, EBML, OGG, FTYP = b"\xff\xd8\xff", b"\x1a\x45\xdf\xa3", b"OggS", b"ftyp"
JPEG_TYPE = "image/jpeg"
SCAN, END = 0xDA, 0xD9
APP1, APP13, COMMENT = 0xE1, 0xED, 0xFE
"""Segments that say more than the picture: Exif and XMP (with the place), IPTC, comments."""


def find_media_type(data: bytes, kind: FileKind) -> str | None:
    """The media type of a photo or recording; None when it is none."""
    if kind == FileKind.PHOTO:
        return JPEG_TYPE if data.startswith(JPEG) and END in _markers(data) else None
    if data.startswith(EBML):
        return "audio/webm"
    if data.startswith(OGG):
        return "audio/ogg"
    return "audio/mp4" if data[4:8] == FTYP else None


def tells_more(data: bytes, media_type: str) -> bool:
    """Whether a picture carries what was noted beside it, such as the place."""
    return media_type == JPEG_TYPE and not {APP1, APP13, COMMENT}.isdisjoint(_markers(data))


def _markers(data: bytes) -> Iterator[int]:
    """The segments of a JPEG up to the picture itself; END where there is one."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        yield marker
        if marker == SCAN:
            if data.rstrip(b"\0").endswith(b"\xff\xd9"):
                yield END
            return
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
