"""What does every answer carry, so that a browser does nothing with it that we did not mean?

No script and no style but files of our own, nothing from elsewhere, no framing, no sniffing, no address of the page
handed on, nothing kept in a cache unless a route says so.
"""

from __future__ import annotations

from collections.abc import Collection

from truceline.desk.settings import Settings

Header = tuple[bytes, bytes]

CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""Policy of everything that is no page."""

PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Policy of pages: files of our own, nothing inline."""

_OFF = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip

STEADY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{one}=()" for one in _OFF) + ", publickey-credentials-get=(self)",
}
HSTS = "max-age=63072000; includeSubDomains"


class Headers:
    """The headers of a service, made once."""

    def __init__(self, settings: Settings) -> None:
        """Make them; HSTS only where browsers come by TLS."""
        steady = {**STEADY, **({"Strict-Transport-Security": HSTS} if settings.is_https else {})}
        self._steady = [_raw(*one) for one in steady.items()]
        self._store = _raw("Cache-Control", "no-store")
        self._closed, self._page = (_raw("Content-Security-Policy", text) for text in (CLOSED, PAGE))

    def added(self, given: Collection[Header]) -> list[Header]:
        """What is to be added to the headers that a route gave: what it says itself, it means."""
        names = {name for name, _ in given}
        found = [one for one in self._steady if one[0] not in names]
        if b"cache-control" not in names:
            found.append(self._store)
        if b"content-security-policy" not in names:
            is_page = any(name == b"content-type" and value.startswith(b"text/html") for name, value in given)
            found.append(self._page if is_page else self._closed)
        return found


def _raw(name: str, value: str) -> Header:
    return name.lower().encode(), value.encode()
