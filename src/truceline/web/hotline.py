"""Does this message come from our provider, and what does it say? Signatures and fields of inbound webhooks.

A provider that posts a form for each message (Twilio, RapidPro and their like) signs it with a secret that both hold.
Twilio's way: base64 of HMAC-SHA1 over the whole address and every field with its value, in the order of the names. The
other way: HMAC-SHA256 over the body, as digits. A program of our own signs its requests (RFC 9421) and needs neither.

Source: Twilio, *Webhooks security* (www.twilio.com/docs/usage/security).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import msgspec

from truceline.desk.settings import Settings
from truceline.desk.viewers import WRONG
from truceline.errors import CredentialsError, InputError, StoreError

MOST_FIELDS, MOST_NAME = 200, 64
_SHOWN = {"twiml": "application/xml; charset=utf-8", "text": "text/plain; charset=utf-8", "json": "application/json"}


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a message, each once.

    Raises:
        InputError: it is no such form.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise InputError("expected the form of a message, in UTF-8") from None
    found = dict(pairs)
    if len(found) != len(pairs) or not all(0 < len(name) <= MOST_NAME for name in found):
        raise InputError(f"expected each field of a message once, under a name of at most {MOST_NAME} letters")
    return found


def check_provider(settings: Settings, url: str, shown: str, body: bytes) -> None:
    """Let go on what the provider signed.

    Args:
        settings: which way it signs, and where the secret lies.
        url: the whole address, as the provider has it.
        shown: the signature.
        body: of the request.

    Raises:
        CredentialsError: the signature is not good. StoreError: the secret cannot be read.
    """
    secret = _secret(settings)
    if settings.hotline_scheme == "twilio":
        told = url + "".join(name + value for name, value in sorted(_pairs(body).items()))
        made = base64.b64encode(hmac.digest(secret, told.encode(), hashlib.sha1)).decode()
    else:
        made = hmac.new(secret, body, hashlib.sha256).hexdigest()
        shown = shown.removeprefix("sha256=").lower()
    if not hmac.compare_digest(made.encode(), shown.strip().encode()):
        raise CredentialsError(WRONG)


def _pairs(body: bytes) -> Mapping[str, str]:
    try:
        return fields_of(body)
    except InputError:
        raise CredentialsError(WRONG) from None  # what is no form, the provider did not sign


def _secret(settings: Settings) -> bytes:
    try:
        secret = Path(settings.hotline_secret_file).read_bytes().strip()
    except OSError as error:
        raise StoreError(f"the secret of the hotline cannot be read: {error.strerror}") from None
    if len(secret) < 16:
        raise StoreError("the secret of the hotline: expected 16 bytes at least")
    return secret


# -- what is said ------------------------------------------------------------------------------------------------------


def language_of(text: str, otherwise: str) -> str:
    """The language in which a message is answered: that of its letters."""
    for letter in text:
        if "\u0600" <= letter <= "\u06ff" and letter.isalpha():
            return "ar"
        if "\u0400" <= letter <= "\u04ff":
            return "ru"
        if letter.isascii() and letter.isalpha():
            return "en"
    return otherwise


def shown_as(settings: Settings, text: str) -> tuple[bytes, str]:
    """A reply as the provider takes it, and its media type."""
    kind = _SHOWN[settings.hotline_reply]
    if settings.hotline_reply == "twiml":
        made = f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Message>{escape(text)}</Message></Response>\n'
        return made.encode(), kind
    if settings.hotline_reply == "json":
        return msgspec.json.encode({"text": text}), kind
    return f"{text}\n".encode(), kind
