"""Is this a photo, a video or a recording? By its first bytes alone: nothing of it is ever opened here.

Source: the signatures of JPEG, PNG, GIF, WebP, HEIF (ISO/IEC 23008-12), MP4 and 3GP (ISO/IEC 14496-12), Matroska, Ogg,
MPEG audio, AMR (RFC 4867), WAVE.
"""

from __future__ import annotations

PHOTO, VIDEO, AUDIO = "photo", "video", "audio"
HEAD = 32
"""So many bytes tell it."""

_STARTS = (
    (b"\xff\xd8\xff", PHOTO), (b"\x89PNG\r\n\x1a\n", PHOTO), (b"GIF87a", PHOTO), (b"GIF89a", PHOTO),
    (b"\x1aE\xdf\xa3", VIDEO), (b"OggS", AUDIO), (b"ID3", AUDIO), (b"#!AMR", AUDIO), (b"caff", AUDIO),
    (b"\xff\xfb", AUDIO), (b"\xff\xf3", AUDIO), (b"\xff\xf2", AUDIO), (b"\xff\xf1", AUDIO), (b"\xff\xf9", AUDIO),
)  # fmt: skip
_STILL = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_SOUND = (b"M4A ", b"M4B ")
_RIFF = {b"WEBP": PHOTO, b"WAVE": AUDIO, b"AVI ": VIDEO}


def what_of(head: bytes) -> str:
    r"""What a file is by its first bytes: `photo`, `video` or `audio`; empty = none of them.

    >>> what_of(b"\xff\xd8\xff\xe0\x00\x10JFIF"), what_of(b"PK\x03\x04"), what_of(b"")
    ('photo', '', '')
    """
    for start, what in _STARTS:
        if head.startswith(start):
            return what
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return PHOTO if head[8:12] in _STILL else AUDIO if head[8:12] in _SOUND else VIDEO
    return ""
