"""How does a case that a lawyer can read become a report, the signed acts and the law? See `tests/cases/README.md`.

Strict: a field that is misspelt, a term that does not exist, a file that is not YAML fail the whole run, with file and
line. What a case does not say is left at its default and never guessed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from truceline.agreement.history import History, Readings, read_act
from truceline.agreement.lines import Node, read_lines
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.assess.assessment import Assessed, assess
from truceline.assess.evidences import Evidences
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas, read_atlas
from truceline.errors import Fault, InputError, TrucelineError
from truceline.evidence import reports, ucdp
from truceline.evidence.aliases import Aliases, read_aliases
from truceline.evidence.places import Placer
from truceline.evidence.reading import Manner, Read
from truceline.evidence.schema import EITHER, JOINT, NOBODY, ONE, Named, Observation, observations, region_row, table_of
from truceline.space import NOWHERE, Region, disc, quantise
from truceline.span import Span, parse_instant, parse_span
from truceline.verdict import Reason

FOLDER = Path(__file__).parent / "cases"
SHIPPED = Path(__file__).parents[1] / "agreements" / "syria-2016"

FILE = frozenset("agreement agreements areas cases".split())
CASE = frozenset(
    "row name why agreement areas report line ucdp read_on refused acts known_at readings expect any notes protected "
    "at clause corner others duties bans allegations statuses windows conditions deviates deviates_in_tables".split()
)
REPORT = frozenset("number from id when lasts where who whom act unordered altitude_m callsign kind".split())
REPORTED = frozenset({"report", "line", "ucdp"})
WHERE = frozenset("disc area line sector hull radius_m country".split())
SECTOR = frozenset("from range_m bearing_deg".split())


@dataclass(frozen=True)
class Expected:
    """One answer as the case states it: the value and exactly these reasons."""

    value: int
    reasons: frozenset[str]


@dataclass(frozen=True)
class Case:
    """One case, ready to be judged.

    Attributes:
        file, line: where it stands.
        row: number of the worked example; 0 = none.
        report: what was said; None = the reader refused it.
        refused: field for which the reader must refuse the row; empty = it must take it.
        expect: term id to answer.
        any: answer to *some prohibition covers it*; None = not asked.
        notes: term id to words that the remark beside the answer holds.
        protected: whether harm to those whom humanitarian law protects must show; None = not asked.
        deviates: why the program is known to answer otherwise; empty = it must answer so.
        deviates_in_tables: why `bulk` is known to answer otherwise than `spec`; empty = it must not.
        at: UTC second at which duties, statuses, windows and conditions are asked; None = not asked.
        clauses: rows of the clause table that the case exercises; `corner`: number of the corner case; 0 = none.
        others: further reports that were known.
        duties, bans: term to bearer to every state it can be in.
        allegations: id to every state it can be in.
        statuses: actor to status to answer; `windows`: term to answer; `conditions`: define to answer.
    """

    file: str
    line: int
    row: int
    name: str
    why: str
    agreement: Agreement
    areas: str
    report: Observation | None
    acts: tuple[SignedAct, ...]
    known_at: int | None
    readings: Readings
    refused: str
    rejected: tuple[str, ...]
    expect: Mapping[str, Expected]
    any: Expected | None
    notes: Mapping[str, str]
    protected: bool | None
    deviates: str
    deviates_in_tables: str
    at: int | None = None
    clauses: tuple[str, ...] = ()
    corner: int = 0
    others: tuple[Observation, ...] = ()
    duties: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    bans: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    allegations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    statuses: Mapping[str, Mapping[str, Expected]] = field(default_factory=dict)
    windows: Mapping[str, Expected] = field(default_factory=dict)
    conditions: Mapping[str, Expected] = field(default_factory=dict)

    @property
    def reports(self) -> tuple[Observation, ...]:
        """Everything that was reported."""
        return (*self.others, *([self.report] if self.report is not None else []))

    @property
    def history(self) -> History:
        """The text, the acts, and what was reported."""
        return History(self.agreement, self.acts, self.evidence if self.others else None)

    @property
    def evidence(self) -> Evidences:
        """What was reported, for conditions over it."""
        return Evidences(lambda: table_of(row_of(one) for one in self.reports), self.agreement, placed(self))

    @property
    def law(self) -> Law:
        """What stands for this case, as known then."""
        events = self.evidence if self.others else None
        return Law(self.history.as_known(self.known_at, self.readings), placed(self), events)

    @property
    def assessed(self) -> Assessed:
        """Every report of the case, judged."""
        return assess(self.reports, self.history, placed(self), self.known_at)

    @property
    def is_of_reports(self) -> bool:
        """Whether the case asks what covers a report."""
        return bool(self.expect or self.any or self.refused)


@cache
def cases_of(path: Path) -> tuple[Case, ...]:
    """Read one file of cases, once.

    Raises:
        InputError: anything in it is not understood; every message begins with file and line.
    """
    return tuple(read_cases(path.read_bytes(), path.name))


def all_cases() -> list[Case]:
    """Every case of the folder, file by file."""
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in cases_of(path)]


def read_cases(data: bytes, name: str) -> list[Case]:
    """Read the bytes of a file of cases; see `cases_of`."""
    faults: list[Fault] = []
    root = read_lines(data, name, faults)
    if faults or root is None:
        raise InputError(*faults)
    top = _fields(root, FILE, name)
    if "cases" not in top or not isinstance(top["cases"].value, list):
        raise InputError(Fault("expected a list of `cases`", name, 1))
    texts = {key: str(node.value) for key, node in _mapping(top.get("agreements"), name).items()}
    return [_case(node, top, texts, name) for node in top["cases"].value]


# -- one case --------------------------------------------------------------------------------------------------------


def _case(node: Node, top: Mapping[str, Node], texts: Mapping[str, str], name: str) -> Case:
    try:
        return _made(_fields(node, CASE, name), node.line, top, texts, name)
    except TrucelineError as error:
        raise InputError(
            *(f if f.file else Fault(f.message, name, node.line, f.field) for f in error.faults)
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(Fault(f"a case that cannot be read: {error!r}", name, node.line)) from error


def _made(fields: Mapping[str, Node], line: int, top: Mapping[str, Node], texts: Mapping[str, str], name: str) -> Case:
    own = {key: node.plain() for key, node in fields.items()}
    agreement = agreement_of(str(own.get("agreement") or _top(top, "agreement", "shipped")), texts)
    areas = str(own.get("areas") or _top(top, "areas", "minsk" if agreement.id == "minsk-2020" else "shipped"))
    if areas not in ("shipped", "minsk", "none"):
        raise InputError(f"expected `shipped`, `minsk` or `none` for `areas`, got `{areas}`")
    for key in ("name", "why"):
        if not isinstance(own.get(key), str):
            raise InputError(f"a case needs `{key}`")
    asked = "at" in own
    report, rejected = (None, ()) if asked and not REPORTED & set(own) else _report(fields, agreement, areas, name)
    others = fields["others"].value if "others" in fields else []
    return Case(
        file=name,
        line=line,
        row=int(own.get("row") or 0),
        name=own["name"],
        why=own["why"],
        agreement=agreement,
        areas=areas,
        report=report,
        acts=tuple(_act(fields, agreement.tz) for fields in own.get("acts") or ()),
        known_at=parse_instant(str(own["known_at"]), agreement.tz) if "known_at" in own else None,
        readings=Readings(**{**agreement.readings, **(own.get("readings") or {})}),
        refused=str(own.get("refused") or ""),
        rejected=rejected,
        expect={term: _expected(answer, term, agreement) for term, answer in (own.get("expect") or {}).items()},
        any=_expected(own["any"], "", agreement) if "any" in own else None,
        notes=dict(own.get("notes") or {}),
        protected=own.get("protected"),
        deviates=str(own.get("deviates") or ""),
        deviates_in_tables=str(own.get("deviates_in_tables") or ""),
        at=parse_instant(str(own["at"]), agreement.tz) if asked else None,
        clauses=_words(own.get("clause")),
        corner=int(own.get("corner") or 0),
        others=tuple(observation_of(_fields(node, REPORT, name), agreement.tz, name) for node in others),
        duties=_states(own.get("duties"), agreement),
        bans=_states(own.get("bans"), agreement),
        allegations={key: frozenset(_words(states)) for key, states in (own.get("allegations") or {}).items()},
        statuses={
            actor: {status: _expected(answer, "", agreement) for status, answer in answers.items()}
            for actor, answers in (own.get("statuses") or {}).items()
        },
        windows={term: _expected(answer, term, agreement) for term, answer in (own.get("windows") or {}).items()},
        conditions={term: _expected(answer, term, agreement) for term, answer in (own.get("conditions") or {}).items()},
    )


def _words(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # plain values
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value or ())


def _states(value: Any, agreement: Agreement) -> dict[str, dict[str, frozenset[str]]]:  # noqa: ANN401  # plain values
    for term in value or {}:
        if term not in agreement.terms:
            raise InputError(f"the agreement has no term `{term}`")
    return {
        term: {bearer: frozenset(_words(states)) for bearer, states in of.items()} for term, of in (value or {}).items()
    }


def _expected(answer: Any, term: str, agreement: Agreement) -> Expected:  # noqa: ANN401  # plain values
    value, *reasons = answer if isinstance(answer, list) else [answer]
    if term and term not in agreement.terms:
        raise InputError(f"the agreement has no term `{term}`")
    if type(value) is not int or value not in (-1, 0, 1) or (value == 0) != bool(reasons):
        raise InputError(f"expected -1, +1, or 0 with its reasons, got `{answer}`")
    for reason in reasons:
        Reason(reason)
    return Expected(value, frozenset(reasons))


def _act(fields: Mapping[str, Any], tz: str) -> SignedAct:
    """A signed act; where a case does not say when it entered the record, it did so when it was signed."""
    return read_act(fields, tz, parse_instant(str(fields.get("known_at", fields.get("at"))), tz))


# -- the report ------------------------------------------------------------------------------------------------------


def _report(
    fields: Mapping[str, Node], agreement: Agreement, areas: str, name: str
) -> tuple[Observation | None, tuple[str, ...]]:
    """The report of a case, written out or as the line of a source; and the fields for which a reader refused it."""
    given = [key for key in ("report", "line", "ucdp") if key in fields]
    if len(given) != 1:
        raise InputError("a case needs one of `report`, `line`, `ucdp`")
    if given == ["report"]:
        return observation_of(_fields(fields["report"], REPORT, name), agreement.tz, name), ()
    latest = parse_instant(str(fields["read_on"].plain()), agreement.tz) if "read_on" in fields else None
    read = _read(given[0], fields[given[0]].plain(), agreement, areas, latest)
    rows = list(observations(read.table))
    return (rows[0] if rows else None), tuple(row["field"] for row in read.rejected.to_pylist())


def _read(
    kind: str,
    row: Any,  # noqa: ANN401  # plain values
    agreement: Agreement,
    areas: str,
    latest: int | None,
) -> Read:
    manner = Manner(
        agreement.tz, agreement.precision, aliases(), Placer(atlas(areas), agreement.precision), latest=latest
    )
    if kind == "ucdp":
        text = ",".join(row) + "\n" + ",".join(f'"{value}"' for value in row.values()) + "\n"
        return ucdp.read(io.BytesIO(text.encode()), "case.csv", manner)
    if isinstance(row, str):
        found = [
            line for line in (SHIPPED / "reports.jsonl").read_bytes().splitlines() if f'"id": "{row}"'.encode() in line
        ]
        return reports.read(io.BytesIO(b"\n".join(found)), "reports.jsonl", manner)
    return reports.read(io.BytesIO(json.dumps(row).encode()), "case.jsonl", manner)


def observation_of(fields: Mapping[str, Node], tz: str, name: str = "") -> Observation:
    """A report written out in a case, as a value for the judge."""
    own = {key: node.plain() for key, node in fields.items()}
    when = span_of(str(own["when"]), tz)
    low, high = own.get("altitude_m") or (None, None)
    acts = own.get("act") or ()
    number = own.get("number") or (None, None)
    return Observation(
        id=str(own.get("id", "report")),
        start=when.start,
        end=when.end,
        kind=str(own.get("kind", "incident")),
        lasts=bool(own.get("lasts", False)),
        impact=region_of(fields.get("where"), name),
        low_m=low,
        high_m=high,
        actor=named_of(own.get("who")),
        target=named_of(own.get("whom")),
        unordered=bool(own.get("unordered", False)),
        acts=(acts,) if isinstance(acts, str) else tuple(acts),
        callsign=str(own.get("callsign", "")),
        origin=region_of(fields.get("from"), name),
        count_low=number[0],
        count_high=number[1],
    )


def row_of(one: Observation) -> dict[str, Any]:
    """A report as a row of a table of evidence."""
    return {
        "id": one.id, "source": "case", "kind": one.kind, "start": one.start, "end": one.end, "lasts": one.lasts,
        "impact": region_row(one.impact), "origin": region_row(one.origin), "low_m": one.low_m, "high_m": one.high_m,
        "actor": list(one.actor.ids), "actor_mode": one.actor.mode, "actor_umbrella": one.actor.is_umbrella,
        "target": list(one.target.ids), "target_mode": one.target.mode, "target_umbrella": one.target.is_umbrella,
        "unordered": one.unordered, "act": list(one.acts), "callsign": one.callsign, "protected": one.is_protected,
        "count_low": one.count_low, "count_high": one.count_high, "known_at": one.known_at,
    }  # fmt: skip


def span_of(text: str, tz: str) -> Span:
    """A time text, or `A to B` for somewhere between the start of A and the end of B."""
    first, _, last = text.partition(" to ")
    span = parse_span(first, tz)
    return span.joined(parse_span(last, tz)) if last else span


def named_of(value: Any) -> Named:  # noqa: ANN401  # plain values
    """`gov`, `nobody`, `unknown` or nothing, `{umbrella: opp}`, `{either: [..]}`, `{joint: [..]}`."""
    if value is None or value == "unknown":
        return Named()
    if value == "nobody":
        return Named((), NOBODY)
    if isinstance(value, str):
        return Named((value,), ONE)
    ((how, ids),) = value.items()
    if how == "umbrella":
        return Named((ids,), ONE, is_umbrella=True)
    return Named(tuple(ids), {"either": EITHER, "joint": JOINT}[how])


def region_of(node: Node | None, name: str) -> Region:
    """Where a report means, as `tests/cases/README.md` lists it."""
    if node is None or node.value == "nowhere":
        return NOWHERE
    if node.value == "outside":
        return Region("outside")
    fields = {key: value.plain() for key, value in _fields(node, WHERE, name).items()}
    country = str(fields.get("country", ""))
    if "disc" in fields:
        lon, lat, radius_m = fields["disc"]
        return disc(lon, lat, radius_m, country)
    if "area" in fields:
        codes = fields["area"]
        return Region("area", areas=(codes,) if isinstance(codes, str) else tuple(codes), country=country)
    if "sector" in fields:
        part = fields["sector"]
        if set(part) != SECTOR:
            raise InputError(f"a sector needs {', '.join(sorted(SECTOR))}")
        (near, far), (first, last) = part["range_m"], part["bearing_deg"]
        return Region(
            "sector", *quantise(*part["from"]), near_m=near, far_m=far, from_deg=float(first), to_deg=float(last),
            country=country,
        )  # fmt: skip
    kind = "hull" if "hull" in fields else "line"
    points = tuple(v for point in fields[kind] for v in quantise(*point))
    return Region(kind, points_e7=points, radius_m=int(fields.get("radius_m", 0)), country=country)


# -- what the cases share --------------------------------------------------------------------------------------------


def agreement_of(key: str, texts: Mapping[str, str]) -> Agreement:
    """The shipped agreement, or the one whose text stands in the file of cases under this name."""
    if key == "shipped":
        return shipped()
    if key == "minsk":
        return minsk()
    if key not in texts:
        raise InputError(f"no agreement `{key}` in this file: expected `shipped` or one of {', '.join(texts)}")
    return _loaded(texts[key], key)


@cache
def _loaded(text: str, key: str) -> Agreement:
    return load(text.encode(), f"{key}.yaml")


@cache
def minsk() -> Agreement:
    """The measures of July 2020 as they ship."""
    return load((SHIPPED.parent / "minsk-2020" / "agreement.yaml").read_bytes(), "agreement.yaml")


@cache
def shipped() -> Agreement:
    """The agreement of 2016 as it ships."""
    return load((SHIPPED / "agreement.yaml").read_bytes(), "agreement.yaml")


@cache
def atlas(areas: str) -> Atlas:
    """The areas of the shipped case, of the measures of July 2020, or none."""
    if areas == "none":
        return Atlas()
    folder = SHIPPED if areas == "shipped" else SHIPPED.parent / "minsk-2020"
    return read_atlas({"areas.geojson": (folder / "areas.geojson").read_bytes()}, (folder / "units.csv").read_bytes())


@cache
def aliases() -> Aliases:
    """The alias tables of the shipped case."""
    return read_aliases(
        {kind: (SHIPPED / f"{kind}.csv").read_bytes() for kind in ("actors", "acts", "weapons", "places")}
    )


_PLACED: dict[tuple[str, str], Placed] = {}


def placed(case: Case) -> Placed:
    """The zones of a case's agreement on its areas; worked out once per agreement."""
    return placed_of(case.agreement, case.areas)


def placed_of(agreement: Agreement, areas: str) -> Placed:
    """The zones of an agreement on the shipped areas or none; worked out once."""
    key = (agreement.text_hash, areas)
    if key not in _PLACED:
        _PLACED[key] = Placed(agreement.zones, atlas(areas))
    return _PLACED[key]


def _fields(node: Node, allowed: frozenset[str], name: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise InputError(Fault(f"expected a mapping, got {node.kind}", name, node.line))
    unknown = [
        Fault(f"unknown field `{key}`: expected one of {', '.join(sorted(allowed))}", name, value.line)
        for key, value in node.value.items()
        if key not in allowed
    ]
    if unknown:
        raise InputError(*unknown)
    return node.value


def _mapping(node: Node | None, name: str) -> dict[str, Node]:
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        raise InputError(Fault(f"expected a mapping, got {node.kind}", name, node.line))
    return node.value


def _top(top: Mapping[str, Node], key: str, default: str) -> str:
    return str(top[key].value) if key in top else default
