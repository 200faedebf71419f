"""How is a service set up? By one file (TOML), over which the environment goes; what neither says has a default.

`TRUCELINE_SERVICE_<NAME>` sets `name`, such as `TRUCELINE_SERVICE_PORT=8080`. A name that nobody knows is refused, not
passed over. No secret stands in a setting: those of the kind `..._file` say where one lies.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from truceline.errors import Fault, InputError, quoted, raise_all

PREFIX = "TRUCELINE_SERVICE_"
KIB, MIB = 1024, 1024 * 1024
LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
HOTLINE_SCHEMES = ("twilio", "hmac-sha256")
HOTLINE_REPLIES = ("twiml", "text", "json")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a host may settle; sizes in bytes, times in seconds.

    Attributes:
        host: address to listen on.
        port: 0 = a free one.
        origin: how browsers reach the service, such as `https://case.example`; empty = only from this machine.
        proxies: addresses and networks whose word on the address of a client is believed.
        metrics_to: addresses of programs that may read the metrics; the secretariat may from anywhere.
        most_json: bytes of a JSON body.
        most_entry: bytes of a statement with its signatures.
        most_statement: bytes of a statement that comes with the files it names.
        most_upload: bytes of one uploaded file; `most_draft`: of a draft of an agreement that is to be looked at.
        most_headers: header lines of a request; `most_header_bytes`: bytes of all of them together.
        most_url: bytes of path and query.
        most_held: bytes of all bodies together that are in memory at once; beyond, they are answered 503.
        most_connections: connections at once.
        head_s: until the head of a request has to be there; `idle_s`: that a connection is kept between two requests.
        most_at_once: requests in work; beyond, they are answered 503.
        body_s: until a body has to be there; `body_rate`: bytes in a second that earn it more time; `account_rate`: the
            same of a file or a statement, once it is known whose account sends it.
        reads_a_minute: questions that one address of the public may ask; `reads_account`: that one account may ask.
        writes_a_minute: the same of what changes something; `writes_account`: the same of one account.
        drain_s: for requests in work when the service is told to stop.
        most_restarts: deaths of a service that its supervisor bears; `restart_window_s`: within so long.
        judging: `apart`, in a process of its own; `here`, in a thread; `asked`, here and only when it is asked for.
        stale_s: age of the answers beyond which the service is not ready.
        log_level: `debug`, `info`, `warning` or `error`.
        rp_id: the domain that passkeys are made for; empty = the host of `origin`.
        session_idle_s: until a session ends that nobody uses; `session_s`: until any session ends.
        fresh_s: so long a passkey that was used counts as used just now.
        invitation_s: until an invitation ends; `approval_s`: until what waits for a second person is dropped.
        refused_a_minute: credentials that one address may get wrong.
        skew_s: by how much the clock of a program may be off; `signed_s`: the longest life of a signed request.
        oidc_issuer: of an OpenID Connect provider, such as `https://login.example`; empty = none.
        oidc_client: how it knows this service; `oidc_secret_file`: where the secret for it lies; empty = without one.
        quarantine: folder for uploads that were not read yet; empty = beside the case, or among the user's own.
        most_quarantine: bytes of all of them; `most_offers`: of one account that may wait for the desk.
        child_memory: bytes that reading a file may take; `child_s`: seconds of computing.
        webhooks_to: networks beside the public internet that webhooks may call, such as `10.1.0.0/16`; of those of this
            machine (`127.0.0.0/8`) also by http; `webhooks_ca_file`: certificates of a host's own that they believe.
        most_webhooks: of one account; `webhook_attempts`: of a delivery; `webhook_first_s`: wait after the first.
        gis_secretariat: the views for a GIS in the database show all to roles of the secretariat, too.
        most_report: bytes of a report of the public, with what comes with it; `most_words`: of one that is words alone;
            `report_rate`: as `body_rate`, of those; `most_arriving`: so many with files may be on their way at once.
        most_media: bytes of one photo or recording; `most_files`: how many come with one report.
        intake_window_s: at most one batch of reports in so many; `intake_least`: so many reports at least are in one;
            `intake_longest_s`: unless one has waited for so long; `intake_most`: reports that the desk holds at once.
        closed_weekly: the service makes the batches of the closed pathway by itself, from its first week on.
        overruled_witnesses: those whose word that there is another record was looked into, and found wrong.
        demo: whoever comes may take every role; refused for a case that is no demonstration.
        hotline_scheme: how a provider signs what it hands over, one of `HOTLINE_SCHEMES`; empty = by RFC 9421 alone.
        hotline_header: in which header; `hotline_secret_file`: where the secret for it lies.
        hotline_message: the field with the id of a message; `hotline_sender`: of its sender; `hotline_text`: its words.
        hotline_reply: how it is answered, one of `HOTLINE_REPLIES`; `hotline_lang`: where no words tell the language.
    """

    host: str = "127.0.0.1"
    port: int = 8766
    origin: str = ""
    proxies: tuple[str, ...] = ()
    metrics_to: tuple[str, ...] = ("127.0.0.1", "::1")
    most_json: int = 64 * KIB
    most_entry: int = 64 * KIB
    most_statement: int = 16 * MIB
    most_upload: int = 512 * MIB
    most_draft: int = 512 * KIB
    most_headers: int = 64
    most_header_bytes: int = 16 * KIB
    most_url: int = 8 * KIB
    most_held: int = 256 * MIB
    most_connections: int = 2_048
    head_s: float = 10.0
    idle_s: int = 20
    most_at_once: int = 256
    body_s: float = 15.0
    body_rate: int = 64 * KIB
    account_rate: int = 4 * KIB
    reads_a_minute: int = 6_000
    reads_account: int = 60_000
    writes_a_minute: int = 600
    writes_account: int = 60_000
    drain_s: float = 20.0
    most_restarts: int = 20
    restart_window_s: float = 300.0
    judging: str = "apart"
    stale_s: float = 900.0
    log_level: str = "info"
    rp_id: str = ""
    session_idle_s: int = 3_600
    session_s: int = 43_200
    fresh_s: int = 300
    invitation_s: int = 259_200
    approval_s: int = 259_200
    refused_a_minute: int = 10
    skew_s: int = 30
    signed_s: int = 300
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret_file: str = ""
    quarantine: str = ""
    most_quarantine: int = 8 * 1024 * MIB
    most_offers: int = 20
    child_memory: int = 2048 * MIB
    child_s: int = 600
    webhooks_to: tuple[str, ...] = ()
    webhooks_ca_file: str = ""
    most_webhooks: int = 10
    webhook_attempts: int = 10
    webhook_first_s: float = 5.0
    gis_secretariat: bool = False
    most_report: int = 128 * MIB
    most_words: int = 96 * KIB
    most_arriving: int = 32
    report_rate: int = 8 * KIB
    most_media: int = 10 * MIB
    most_files: int = 5
    intake_window_s: int = 86_400
    intake_least: int = 5
    intake_longest_s: int = 604_800
    intake_most: int = 20_000
    closed_weekly: bool = False
    overruled_witnesses: tuple[str, ...] = ()
    demo: bool = False
    hotline_scheme: str = ""
    hotline_header: str = "X-Twilio-Signature"
    hotline_secret_file: str = ""
    hotline_message: str = "MessageSid"
    hotline_sender: str = "From"
    hotline_text: str = "Body"
    hotline_reply: str = "twiml"
    hotline_lang: str = "en"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the service by TLS."""
        return self.origin.startswith("https://")

    @property
    def passkeys_for(self) -> str:
        """The domain that passkeys are made for."""
        return self.rp_id or urlsplit(self.origin).hostname or "localhost"

    @property
    def names(self) -> tuple[str, ...]:
        """The host names under which the service answers."""
        own = urlsplit(self.origin).hostname or ""
        return (own, *LOCAL) if own else LOCAL


def read_settings(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """The settings of a service.

    Args:
        path: a TOML file; None = none.
        env: the environment; None = an empty one.

    Raises:
        InputError: the file cannot be read, a name is not known, or a value is not of its kind.
    """
    return _checked({**_of_file(path), **_of_env(env or {})}, str(path or "settings"))


def _of_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(Fault(f"expected TOML: {error}", str(path))) from None


def _of_env(env: Mapping[str, str]) -> dict[str, Any]:
    """What the environment sets; lists are written with commas."""
    kinds = {one.name: one.type for one in msgspec.structs.fields(Settings)}
    found: dict[str, Any] = {}
    for name, text in env.items():
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower()
            kind = kinds.get(key)
            found[key] = _listed(text) if kind == tuple[str, ...] else text
    return found


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _checked(values: dict[str, Any], name: str) -> Settings:
    """Values as settings.

    Raises:
        InputError: every fault of them.
    """
    known = {one.name for one in msgspec.structs.fields(Settings)}
    faults = [Fault("no such setting", name, field=quoted(key)) for key in values if key not in known]
    raise_all(faults, InputError)
    try:
        found = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(Fault(str(error), name)) from None
    raise_all([Fault(text, name) for text in _faults(found)], InputError)
    return found


def _faults(one: Settings) -> list[str]:
    parts, found = urlsplit(one.origin), []
    if one.origin and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query):
        found.append(f"origin: expected such as `https://case.example`, got {quoted(one.origin)}")
    if one.origin.startswith("http://") and parts.hostname not in LOCAL:
        found.append("origin: expected https: without it passwords of proxies and sessions are readable on the way")
    if one.rp_id and not f".{parts.hostname or ''}".endswith(f".{one.rp_id}"):
        found.append(f"rp_id: expected the host of `origin`, or a domain above it, got {quoted(one.rp_id)}")
    found += _provider_faults(one) + _hotline_faults(one) + _network_faults(one)
    if not 0 <= one.port <= 65_535:
        found.append(f"port: expected 0 to 65535, got {one.port}")
    if one.judging not in ("apart", "here", "asked"):
        found.append(f"judging: expected apart, here or asked, got {quoted(one.judging)}")
    if one.log_level not in ("debug", "info", "warning", "error"):
        found.append(f"log_level: expected debug, info, warning or error, got {quoted(one.log_level)}")
    for field in msgspec.structs.fields(Settings):
        value = getattr(one, field.name)
        if isinstance(value, bool) or not isinstance(value, int | float) or field.name == "port":
            continue
        if not 0 < value < math.inf:  # what is no number is not more than 0 either
            found.append(f"{field.name}: expected more than 0, got {value}")
    return found


def _network_faults(one: Settings) -> list[str]:
    """Addresses and networks that are none: whoever believes one of them would believe nobody, or everybody."""
    found = []
    for name, values, read in (
        ("proxies", one.proxies, ip_network), ("metrics_to", one.metrics_to, ip_address),
        ("webhooks_to", one.webhooks_to, ip_network),
    ):  # fmt: skip
        for value in values:
            try:
                read(value)
            except ValueError:
                what = "an address" if read is ip_address else "an address or a network such as `10.1.0.0/16`"
                found.append(f"{name}: expected {what}, got {quoted(value)}")
    return found


def _provider_faults(one: Settings) -> list[str]:
    parts = urlsplit(one.oidc_issuer)
    if not one.oidc_issuer:
        return ["oidc_client: expected an `oidc_issuer` with it"] if one.oidc_client else []
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in LOCAL):
        return [f"oidc_issuer: expected such as `https://login.example`, got {quoted(one.oidc_issuer)}"]
    return [] if one.oidc_client and one.origin else ["oidc_issuer: expected an `oidc_client` and an `origin` with it"]


def _hotline_faults(one: Settings) -> list[str]:
    found = []
    for name, value, known in (
        ("hotline_scheme", one.hotline_scheme, ("", *HOTLINE_SCHEMES)),
        ("hotline_reply", one.hotline_reply, HOTLINE_REPLIES), ("hotline_lang", one.hotline_lang, ("en", "ar", "ru")),
    ):  # fmt: skip
        if value not in known:
            found.append(f"{name}: expected one of {', '.join(filter(None, known))}, got {quoted(value)}")
    if one.hotline_scheme and not one.hotline_secret_file:
        found.append("hotline_scheme: expected a `hotline_secret_file` with it")
    if one.hotline_scheme == "twilio" and not one.origin:
        found.append("hotline_scheme: expected an `origin` with it: the address is part of what is signed")
    return found
