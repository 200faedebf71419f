"""What is a signed act, and is it one that the agreement knows? Plain values in, `SignedAct` out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from truceline.agreement.model import HOLDINGS, SIGNED_ACTS, Agreement, SignedAct
from truceline.errors import InputError, quoted
from truceline.span import parse_instant

TIMES = ("at", "known_at", "start", "until")
TEXTS = ("of", "term", "area", "callsign", "to", "holds", "body", "against", "value", "standard")
LISTS = ("about", "dissent")
OF_A_TERM = ("extend", "open", "perform", "refuse", "waive")
"""Acts whose `of` is a term of the text."""

OF_EITHER = ("suspend", "resume")
"""Acts whose `of` is a term or an instrument."""


def read_act(fields: Mapping[str, Any], tz: str, known_at: int) -> SignedAct:
    """Read one signed act from plain values; times are read on the clock of `tz`.

    Args:
        fields: `id`, `act`, `by`, `at`, and what else `SignedAct` knows; `known_at` may be left out.
        tz: zone for times without an offset.
        known_at: the time of import, for acts that do not say when they entered the record.

    Raises:
        InputError: a field is missing, unknown or not a time.
    """
    allowed = set(SignedAct.__dataclass_fields__)
    for key in fields:
        if key not in allowed:
            raise InputError(f"unknown field `{key}` of a signed act")
    fields = {key: value for key, value in fields.items() if value is not None}
    if fields.get("act") not in SIGNED_ACTS:
        raise InputError(f"unknown signed act `{fields.get('act')}`")
    if "at" not in fields:
        raise InputError("a signed act needs `at`")
    if not isinstance(fields.get("is_yes", False), bool):
        raise InputError("`is_yes`: expected true or false")
    times = {k: parse_instant(str(fields[k]), tz) for k in TIMES if fields.get(k) is not None}
    if "until" in times and "start" in times and times["until"] <= times["start"]:
        raise InputError("`until`: expected a time after `start`")
    return SignedAct(
        id=str(fields.get("id", f"{fields['act']}-{fields['at']}")),
        act=str(fields["act"]),
        by=_texts(fields.get("by", ()), "by", "an actor or a list of actors"),
        at=times["at"],
        known_at=times.get("known_at", known_at),
        start=times.get("start"),
        until=times.get("until"),
        is_yes=bool(fields.get("is_yes", False)),
        **_words_of(fields),
    )


def _words_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are words, and those that are lists of words."""
    for key in TEXTS:
        if isinstance(fields.get(key), dict | list | bool):
            raise InputError(f"`{key}`: expected a word, got {quoted(fields[key])}")
    lists = {key: _texts(fields.get(key, ()), key, "a word or a list of words") for key in LISTS}
    return {**{key: str(fields.get(key, "")) for key in TEXTS}, **lists}


def _texts(value: Any, field: str, what: str) -> tuple[str, ...]:  # noqa: ANN401  # plain values
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise InputError(f"`{field}`: expected {what}")
    return tuple(items)


def checked_act(act: SignedAct, agreement: Agreement) -> SignedAct:
    """Refuse a signed act by somebody, or about something, that the agreement does not know.

    Raises:
        InputError: an unknown signer, body, term, instrument, word, reading or group.
    """
    parties, terms, instruments = agreement.parties, agreement.terms, agreement.instruments
    for field, ids in (("by", act.by), ("dissent", act.dissent), ("body", [act.body]), ("against", [act.against])):
        _known(field, [i for i in ids if i], parties, "actor")
    if not act.by:
        raise InputError("a signed act needs `by`")
    if act.act in OF_A_TERM:
        deed = act.act == "perform" and act.of not in terms
        _known("of", [] if deed and act.of else [act.of], terms, "term")
    if act.act in OF_EITHER:
        _known("of", [act.of], {**terms, **instruments}, "term or instrument")
    if act.act == "end":
        _known("of", [act.of], instruments, "instrument")
    if act.act in ("expel", "readmit"):
        _known("of", [act.of], parties, "actor")
    if act.act in ("invoke", "answer") or (act.act == "finding" and act.term):
        _known("term", [act.term], terms, "term")
    if act.act == "finding" and act.holds not in HOLDINGS:
        raise InputError(f"`holds`: expected one of {', '.join(HOLDINGS)}, got `{act.holds}`")
    if act.act == "adopt":
        _check_reading(act, agreement)
    return act


def _known(field: str, ids: Iterable[str], known: Mapping[str, Any], what: str) -> None:
    for one in ids:
        if one not in known:
            raise InputError(f"unknown {what} `{one}` in `{field}`")


def _check_reading(act: SignedAct, agreement: Agreement) -> None:
    names = reading_names(agreement, act.of)
    if not names:
        raise InputError(f"unknown word `{act.of}` in `of`: no word or clause with several readings")
    if act.value not in names:
        raise InputError(f"unknown reading `{act.value}` of `{act.of}`: expected one of {', '.join(names)}")


def reading_names(agreement: Agreement, word: str) -> tuple[str, ...]:
    """The names of the readings of an open word, of a clause with several versions, or of `TERM.field`.

    A reading without a `name` is called by what it says, such as `at_least 3, per P14D`; nothing has no readings.
    """
    return tuple(reading_name(one) for one in readings_of(agreement, word))


def readings_of(agreement: Agreement, word: str) -> list[Any]:
    """The readings themselves, in their order, as plain values."""
    if word in agreement.words:
        found = agreement.words[word]
        readings = found.get("readings") if isinstance(found, dict) else None
        return list(readings) if isinstance(readings, list) else []
    if word in agreement.terms:
        return list(agreement.terms[word].versions)
    return next((found for key, found in fields_with_readings(agreement) if key == word), [])


def fields_with_readings(agreement: Agreement) -> Iterator[tuple[str, list[Any]]]:
    """`TERM.field`, or `INSTRUMENT.field`, of every field in which readings stand, and the first readings in it."""
    for term in agreement.terms.values():
        fields = {**term.body, **{key: getattr(term, name) for key, name in _CONDITIONS.items() if key in term.body}}
        for key, value in fields.items():
            if key != "versions" and (found := readings_in(value)) is not None:
                yield f"{term.id}.{key}", found
    for one in agreement.instruments.values():
        for key, value in (("from", one.begins), ("until", one.ends)):
            if (found := readings_in(value)) is not None:
                yield f"{one.id}.{key}", found


_CONDITIONS = {"from": "begins", "until": "ends", "while": "during", "if": "only_if", "unless": "unless"}


def readings_in(value: Any) -> list[Any] | None:  # noqa: ANN401  # plain values
    """The first readings that stand in a value, however deep; None = there are none."""
    if isinstance(value, dict) and isinstance(value.get("readings"), list):
        return value["readings"]  # type: ignore[no-any-return]  # plain values
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in inside if (found := readings_in(one)) is not None), None)


def reading_name(reading: Any) -> str:  # noqa: ANN401  # plain values
    """How a reading is called.

    >>> reading_name({"deaths_vs_baseline": "0.25"}), reading_name({"none": "surely-breach"})
    ('25 %', 'none')
    """
    if not isinstance(reading, dict):
        return str(reading)
    if "name" in reading:
        return str(reading["name"])
    if is_share(reading.get("deaths_vs_baseline")):
        return f"{percent(reading['deaths_vs_baseline'])} %"
    if reading and set(reading) <= {"none", "day_findings"}:
        return str(next(iter(reading))).replace("_", " ")
    return ", ".join(f"{key} {value}" for key, value in reading.items())


def is_share(value: Any) -> bool:  # noqa: ANN401  # plain values
    """Whether a value is a share as a text writes it: a number such as 0.25, not below nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return Decimal(str(value)) >= 0
    except InvalidOperation:
        return False


def percent(share: Any) -> str:  # noqa: ANN401  # a number as written
    """A share as a percentage, exactly as it is written.

    >>> percent(0.25), percent("0.5"), percent(0.125)
    ('25', '50', '12.5')
    """
    return f"{(Decimal(str(share)) * 100).normalize():f}"
