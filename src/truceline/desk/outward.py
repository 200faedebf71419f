"""How does the service call a machine that somebody else named? To the public internet only, once, and not for long.

1. The address is https, with a name and no credentials; http only towards this machine, where the host allows that.
2. The name is resolved when the connection is made, and every address it has must be public: none of this machine, of
   its networks, of a cloud's metadata, nor one that hides such a one (mapped, translated, tunnelled). What is outside
   is named in the settings, network by network.
3. The connection goes to the address that was looked at, and to no other; TLS is checked for the name.
4. No proxy, no redirect, no cookie; of the answer the status is read and nothing else; all of it within one time.

What is refused for its address is refused in one sentence: nobody finds out through it what else is there.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpcore

from truceline.errors import InputError, StoreError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

WITHIN_S = 15.0
MOST_URL = 2_000
NOT_OUTSIDE = "not an address that is called from here"
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as IPv6 ones behind a translator (RFC 6052)."""


class CallError(Exception):
    """A call that brought no answer; one line that says why."""


def networks_of(names: Iterable[str]) -> tuple[Network, ...]:
    """Networks by their names, such as `10.1.0.0/16`.

    Raises:
        InputError: one is none.
    """
    try:
        return tuple(ipaddress.ip_network(name) for name in names)
    except ValueError as error:
        raise InputError(f"expected a network such as `10.1.0.0/16`: {error}") from None


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Refuse what is no address of a receiver, by its form alone.

    Args:
        url: as somebody gave it.
        allowed: networks that may be called beside the public internet.

    Raises:
        InputError: why.
    """
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InputError(f"url: expected at most {MOST_URL} characters of ASCII")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("url: expected such as `https://receiver.example/hook`") from None
    has_loopback = any(network.is_loopback for network in allowed)
    if parts.scheme != "https" and not (parts.scheme == "http" and has_loopback):
        raise InputError("url: expected https")
    if not host or parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise InputError("url: expected a name, without credentials and without a fragment")
    literal = _literal(host)
    if literal is not None and not is_allowed(literal, allowed):
        raise InputError(f"url: {NOT_OUTSIDE}")


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address may be called: it is public, or in a network that is allowed.

    >>> one = ipaddress.ip_address
    >>> [is_allowed(one(text), ()) for text in ("9.9.9.9", "127.0.0.1", "10.0.0.1", "169.254.169.254", "::1")]
    [True, False, False, False, False]
    >>> is_allowed(one("::ffff:10.0.0.1"), ()), is_allowed(one("64:ff9b::a9fe:a9fe"), ())
    (False, False)
    >>> is_allowed(one("10.1.2.3"), networks_of(["10.1.0.0/16"]))
    True
    """
    found = _plain(address)
    if any(found in network for network in allowed if network.version == found.version):
        return True
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _plain(address: Address) -> Address:
    """The address that is meant, where one is hidden in another."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and address in TRANSLATED:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address if inner is None else inner


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def trust(ca_file: str = "") -> ssl.SSLContext:
    """Whose certificates are believed.

    Args:
        ca_file: certificates of a host's own, in PEM; empty = those that everybody believes.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or certifi.where())
    except (OSError, ssl.SSLError):
        raise StoreError("the certificates of `webhooks_ca_file` cannot be read") from None


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allowed: Sequence[Network],
    context: ssl.SSLContext,
    within_s: float = WITHIN_S,
    resolve: Resolve = resolved,
) -> int:
    """Send a request, and give the status of the answer.

    Args:
        url: of the receiver.
        headers: further headers.
        body: what is sent.
        allowed: networks that may be called beside the public internet.
        context: whose certificates are believed.
        within_s: all of it, from the name to the status.
        resolve: gives the addresses of a name.

    Raises:
        CallError: there was no answer; why.
    """
    try:
        check_url(url, allowed)
    except InputError as error:
        raise CallError(str(error)) from None
    end = time.monotonic() + within_s
    backend = _Outside(allowed, resolve, end, is_plain=url.startswith("http:"))
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), within_s)
    sent = {"Content-Length": str(len(body)), "User-Agent": "truceline", "Accept": "*/*", **headers}
    try:
        with (
            httpcore.ConnectionPool(ssl_context=context, network_backend=backend, max_connections=1) as pool,
            pool.stream(
                "POST", url, headers=_with_host(url, sent), content=body, extensions={"timeout": timeout}
            ) as said,
        ):
            return int(said.status)
    except CallError:
        raise
    except httpcore.TimeoutException:
        raise CallError("no answer in time") from None
    except (httpcore.ConnectError, OSError) as error:
        raise CallError("no valid certificate" if _is_tls(error) else "no connection") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, RuntimeError):
        raise CallError("no answer that is one of HTTP") from None


def _with_host(url: str, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    host = urlsplit(url).netloc
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in {"Host": host, **headers}.items()]


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
            return True
        error = error.__cause__ or error.__context__
    return False


class _Outside(httpcore.NetworkBackend):
    """Connects to addresses that may be called, and to the one that was looked at."""

    def __init__(self, allowed: Sequence[Network], resolve: Resolve, end: float, *, is_plain: bool) -> None:
        self._allowed, self._resolve, self._end, self._is_plain = allowed, resolve, end, is_plain
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the addresses of a name, each of which may be called."""
        del timeout, local_address, socket_options
        literal = _literal(host)
        try:
            names = [str(literal)] if literal is not None else self._resolve(host, port)
        except OSError:
            raise CallError("no such name") from None
        found = [address for name in names if (address := _literal(name)) is not None]
        if not found or not all(is_allowed(one, self._allowed) for one in found):
            raise CallError(NOT_OUTSIDE)
        if self._is_plain and not all(_plain(one).is_loopback for one in found):
            raise CallError(NOT_OUTSIDE)
        stream = self._inner.connect_tcp(str(found[0]), port, timeout=_left(self._end))
        return _Timed(stream, self._end)


class _Timed(httpcore.NetworkStream):
    """A stream that ends at one moment, however slowly the other side speaks."""

    def __init__(self, inner: httpcore.NetworkStream, end: float) -> None:
        self._inner, self._end = inner, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """A piece, while there is time."""
        del timeout
        return self._inner.read(max_bytes, timeout=_left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """A piece, while there is time."""
        del timeout
        self._inner.write(buffer, timeout=_left(self._end))

    def close(self) -> None:
        """Close."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same, encrypted, and checked for the name."""
        del timeout
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, timeout=_left(self._end)), self._end)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # of the library
        """What is known of the connection."""
        return self._inner.get_extra_info(info)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise CallError("no answer in time")
    return left
