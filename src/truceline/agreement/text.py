"""How does an agreement become data? YAML to model, with the file and line in every fault, all faults at once.

The steps, repeated at their lines: 1 bytes to nodes, 2 actors and acts, 3 zones and instruments, 4 facts, 5 terms,
6 references between terms, 7 canonical hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from truceline import precision as table
from truceline.acts import ActTree
from truceline.agreement import check
from truceline.agreement import vocabulary as words
from truceline.agreement.lines import Node, read_lines
from truceline.agreement.model import REMARKS_S, TERM_KINDS, Agreement, Fact, Instrument, Selector, Term, Zone
from truceline.agreement.signed import reading_name
from truceline.canon import hash_value, sha256
from truceline.errors import AgreementError, Fault, InputError, quoted, raise_all
from truceline.group import KINDS, RESERVED, Group, Party
from truceline.precision import Precision
from truceline.span import FAR_AHEAD, LONG_AGO, parse_duration, parse_instant, zone

FORMAT = 1


def load(data: bytes, name: str) -> Agreement:
    """Read the text of an agreement.

    Args:
        data: the bytes of the YAML file; their hash is kept, since line numbers are cited.
        name: the file's name for messages.

    Returns:
        The agreement; its `warnings` name conflicts between terms, which are reported and never resolved.

    Raises:
        AgreementError: every fault of the file, each with its line.
    """
    faults: list[Fault] = []
    root = read_lines(data, name, faults)  # 1
    if root is None or not isinstance(root.value, dict):
        got = f", got {root.kind}" if root is not None else ""
        raise AgreementError(*(faults or [Fault(f"expected a mapping with `truceline: {FORMAT}`{got}", name, 1)]))
    reader = _Reader(name, root.value, faults)
    agreement = reader.agreement(sha256(data), hash_value(root.plain()))
    faults += check.faults_of(agreement, name, reader.lines)  # 6
    raise_all(faults, AgreementError)
    return replace(agreement, warnings=tuple(check.conflicts(agreement)))


class _Reader:
    """Walks the nodes of one file; every fault is gathered, nothing is raised on the way."""

    def __init__(self, name: str, root: dict[str, Node], faults: list[Fault]) -> None:
        self.name, self.root, self.faults = name, root, faults
        self.tz = "UTC"
        self.lines: dict[str, int] = {}  # of words and of the rules of statuses, for `check`

    # -- small readers -------------------------------------------------------------------------------------------

    def fault(self, node: Node, message: str, field: str = "") -> None:
        self.faults.append(Fault(message, self.name, node.line, field))

    def known(self, node: Node, allowed: Iterable[str], what: str) -> dict[str, Node]:
        """The mapping's fields; a field outside the vocabulary is a fault."""
        if not isinstance(node.value, dict):
            self.fault(node, f"{what}: expected a mapping, got {node.kind}")
            return {}
        for key, value in node.value.items():
            if key not in allowed:
                self.fault(value, f"{what}: unknown field {quoted(key)}")
        return node.value

    def part(self, key: str, kind: type) -> Any:  # noqa: ANN401  # dict or list of nodes
        node = self.root.get(key)
        if node is None or node.value is None:
            return kind()
        if not isinstance(node.value, kind):
            self.fault(node, f"{quoted(key)}: expected {'a mapping' if kind is dict else 'a list'}, got {node.kind}")
            return kind()
        return node.value

    def text(self, fields: Mapping[str, Node], key: str, default: str = "") -> str:
        node = fields.get(key)
        if node is None or node.value is None:
            return default
        if isinstance(node.value, dict | list | bool):
            self.fault(node, f"expected text, got {node.kind}", key)
            return default
        return str(node.value)

    def texts(self, fields: Mapping[str, Node], key: str) -> tuple[str, ...]:
        """A word or a list of words."""
        node = fields.get(key)
        if node is None or node.value is None:
            return ()
        items = node.value if isinstance(node.value, list) else [node]
        for item in items:
            if isinstance(item.value, dict | list):
                self.fault(item, f"expected a word, got {item.kind}", key)
        return tuple(str(item.value) for item in items if not isinstance(item.value, dict | list))

    def choice(self, fields: Mapping[str, Node], key: str, allowed: Iterable[str], default: str = "") -> str:
        value = self.text(fields, key, default)
        if value and value not in tuple(allowed):
            self.fault(fields[key], f"expected one of {', '.join(allowed)}, got {quoted(value)}", key)
            return default
        return value

    def number(self, fields: Mapping[str, Node], key: str, least: int, most: int) -> int | None:
        node = fields.get(key)
        if node is None or node.value is None:
            return None
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.fault(node, f"expected a whole number {least}..{most}, got {quoted(node.plain())}", key)
            return None
        return value

    def instant(self, fields: Mapping[str, Node], key: str, default: int) -> int:
        node = fields.get(key)
        if node is None or node.value is None:
            return default
        try:
            return parse_instant(str(node.plain()), self.tz)
        except InputError as error:
            self.fault(node, str(error), key)
            return default

    def named(self, fields: Mapping[str, Node], key: str) -> dict[str, str]:
        """Text in several languages; one text alone is English."""
        node = fields.get(key)
        if node is None or node.value is None:
            return {}
        if isinstance(node.value, dict):
            return {lang: str(item.value) for lang, item in node.value.items()}
        return {"en": str(node.value)}

    def vocabulary(self, node: Node | None, what: str) -> Any:  # noqa: ANN401  # any condition
        """A condition as plain values; words outside the algebra are faults."""
        if node is None:
            return None
        self._algebra(node, what)
        return node.plain()

    def _algebra(self, node: Node, what: str) -> None:
        if isinstance(node.value, dict):
            for key, value in node.value.items():
                if key not in words.CONDITION:
                    self.fault(value, f"{what}: unknown word {quoted(key)} in a condition")
                for item in value.value if key == "readings" and isinstance(value.value, list) else [value]:
                    self._reading(item, what) if key == "readings" else self._algebra(item, what)
        elif isinstance(node.value, list):
            for item in node.value:
                self._algebra(item, what)

    def _reading(self, node: Node, what: str) -> None:
        """One reading: a condition, which may have a name."""
        if isinstance(node.value, dict):
            rest = {key: value for key, value in node.value.items() if key not in words.NAMING or key == "is"}
            self._algebra(rest.pop("is") if set(rest) == {"is"} else Node(rest, node.line), what)
        else:
            self._algebra(node, what)

    # -- the parts -----------------------------------------------------------------------------------------------

    def agreement(self, text_hash: str, canonical_hash: str) -> Agreement:
        root = self.known(Node(self.root, 1), words.TOP, "agreement")
        if (node := root.get("truceline")) is None or node.value != FORMAT:
            got = f", got {quoted(node.plain())}" if node is not None else ""
            self.fault(node or Node(None, 1), f"expected `truceline: {FORMAT}`{got}", "truceline")
        if not self.text(root, "id"):
            self.fault(root.get("id") or Node(None, 1), "an agreement needs an `id`", "id")
        self.tz = self._zone_name(root)
        group = Group(self._party(i, n) for i, n in self.part("actors", dict).items())  # 2
        acts = self._acts()
        facts, rules = self._facts()  # 4
        return Agreement(
            id=self.text(root, "id"),
            title=self.named(root, "title"),
            tz=self.tz,
            text_hash=text_hash,
            canonical_hash=canonical_hash,  # 7
            text_status=self.text(root, "text_status"),
            sources={key: self.text({key: node}, key) for key, node in self.part("sources", dict).items()},
            group=group,
            facts=facts,
            zones={i: self._zone(i, n) for i, n in self.part("zones", dict).items()},  # 3
            acts=acts,
            words={i: self._word(i, n) for i, n in self.part("words", dict).items()},
            instruments={i: self._instrument(i, n) for i, n in self.part("instruments", dict).items()},
            terms=self._terms(),  # 5
            precision=self._precision(),
            readings=self._readings(),
            evidence=self._plain_part("evidence", words.EVIDENCE),
            amend=self._plain_part("amend", words.AMEND),
            areas=self.texts(root, "areas"),
            status_rules=rules,
            remarks_s=self._remarks(),
        )

    def _zone_name(self, root: Mapping[str, Node]) -> str:
        name = self.text(root, "tz", "UTC")
        try:
            zone(name)
        except InputError as error:
            self.fault(root["tz"], str(error), "tz")
            return "UTC"
        return name

    def _party(self, actor: str, node: Node) -> Party:
        fields = self.known(node, words.ACTOR, f"actor {quoted(actor)}")
        if actor in RESERVED or actor in ("any", "bound"):
            self.fault(node, f"actor {quoted(actor)}: this word is reserved")
        part_of = self.text(fields, "part_of")
        return Party(
            id=actor,
            kind=self.choice(fields, "kind", KINDS, "force" if part_of else "group"),
            side=self.text(fields, "side"),
            part_of=part_of,
            members=self.texts(fields, "members"),
            decides=self.choice(fields, "decides", ("all", "any"), "all"),
            names=self.named(fields, "names"),
            line=node.line,
        )

    def _acts(self) -> ActTree:
        classes = {name: self.texts({name: node}, name) for name, node in self.part("acts", dict).items()}
        tree = ActTree(classes)
        if cyclic := tree.cycle():
            self.fault(self.root["acts"], f"act {quoted(cyclic)} is a kind of itself", "acts")
            return ActTree({})
        return tree

    def _zone(self, zone_id: str, node: Node) -> Zone:
        what = f"zone {quoted(zone_id)}"
        fields = self.known(node, words.ZONE, what)
        made = Zone(
            id=zone_id,
            line_no=node.line,
            line=self.text(fields, "line"),
            side=self.choice(fields, "side", words.SIDES),
            within_m=self.number(fields, "within_m", 1, 1_000_000) or 0,
            parts=self.texts(fields, "union"),
            is_withheld=self.choice(fields, "text", ("withheld",)) == "withheld",
            start=self.instant(fields, "from", LONG_AGO) if "from" in fields else None,
            end=self.instant(fields, "until", FAR_AHEAD) if "until" in fields else None,
            polygon=self._ring(fields),
            names=self.named(fields, "names"),
        )
        made = self._geo(self._band(made, fields), fields)
        forms = [bool(made.codes or made.annex), bool(made.line), bool(made.parts), bool(made.polygon)]
        if sum(forms) != 1 and not made.is_withheld and not any(f.line == node.line for f in self.faults):
            self.fault(node, f"{what}: expected exactly one of `geo`, `line`, `union`, `polygon`")
        if made.line and not (made.side and made.within_m):
            self.fault(node, f"{what}: a strip beside a line needs `side` and `within_m`")
        return made

    def _geo(self, made: Zone, fields: Mapping[str, Node]) -> Zone:
        codes: list[str] = []
        annex: list[str] = []
        for geo in self.texts(fields, "geo"):
            scheme, _, key = geo.partition(":")
            if scheme not in ("admin", "annex") or not key:
                self.fault(fields["geo"], f"expected `admin:CODE` or `annex:ID`, got {quoted(geo)}", "geo")
            (codes if scheme == "admin" else annex).append(key)
        return replace(made, codes=tuple(codes), annex=tuple(annex))

    def _band(self, made: Zone, fields: Mapping[str, Node]) -> Zone:
        node = fields.get("alt_m")
        if node is None:
            return made
        band = node.plain()
        if not (isinstance(band, list) and len(band) == 2 and all(type(v) is int for v in band) and band[0] < band[1]):
            self.fault(node, f"expected `[floor, ceiling]` in metres, got {quoted(band)}", "alt_m")
            return made
        return replace(made, low_m=band[0], high_m=band[1])

    def _ring(self, fields: Mapping[str, Node]) -> tuple[tuple[float, float], ...]:
        node = fields.get("polygon")
        if node is None:
            return ()
        points = node.plain()
        ok = (
            isinstance(points, list)
            and len(points) >= 3
            and all(isinstance(p, list) and len(p) == 2 and all(type(v) in (int, float) for v in p) for p in points)
        )
        if not ok:
            self.fault(node, "expected a list of at least three `[longitude, latitude]`", "polygon")
            return ()
        return tuple((float(p[0]), float(p[1])) for p in points)

    def _word(self, word: str, node: Node) -> Any:  # noqa: ANN401  # plain values
        fields = self.known(node, words.WORD, f"word {quoted(word)}")
        self.lines[f"word {word}"] = node.line
        for reading in fields["readings"].value if "readings" in fields and fields["readings"].kind == "a list" else []:
            self._reading(reading, f"word {quoted(word)}")
        self._adopted(word, fields)
        return node.plain()

    def _adopted(self, word: str, fields: Mapping[str, Node]) -> None:
        """A word adopts one of its readings, by its name or number, or none."""
        readings = fields["readings"].plain() if "readings" in fields else None
        names = [reading_name(one) for one in readings] if isinstance(readings, list) else []
        if len(set(names)) < len(names):
            self.fault(fields["readings"], f"word {quoted(word)}: two readings of one name")
        if (node := fields.get("adopted")) is None or node.value in (None, "none", *names):
            return
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(names):
            known = ", ".join(["none", *names])
            self.fault(node, f"word {quoted(word)}: unknown reading {quoted(node.plain())}: expected one of {known}")

    def _instrument(self, key: str, node: Node) -> Instrument:
        fields = self.known(node, words.INSTRUMENT, f"instrument {quoted(key)}")
        adopted = fields.get("adopted")
        return Instrument(
            id=key,
            title=self.text(fields, "title"),
            line=node.line,
            begins=self.vocabulary(fields.get("from"), f"instrument {quoted(key)}"),
            ends=self.vocabulary(fields.get("until"), f"instrument {quoted(key)}"),
            is_adopted=adopted is None or adopted.value is not False,
            source=self.text(fields, "source"),
            published=self.instant(fields, "published", LONG_AGO) if "published" in fields else None,
        )

    def _facts(self) -> tuple[tuple[Fact, ...], dict[str, Any]]:
        facts: list[Fact] = []
        rules: dict[str, Any] = {}
        for node in self.part("facts", list):
            fields = self.known(node, words.FACT, "fact")
            if "is" in fields and "status" in fields:
                rules[status := self.text(fields, "status")] = self.vocabulary(fields["is"], "fact")
                self.lines[f"status {status}"] = node.line
            elif fields:
                facts += self._fact(node, fields)
        return tuple(facts), rules

    def _fact(self, node: Node, fields: Mapping[str, Node]) -> list[Fact]:
        start, end = self.instant(fields, "from", LONG_AGO), self.instant(fields, "until", FAR_AHEAD)
        if end <= start:
            self.fault(node, "a fact ends before it begins")
        heads = [key for key in words.FACT_HEADS if key in fields]
        if "status" in fields:
            what, subjects = self.text(fields, "status"), self.texts(fields, "of")
        elif len(heads) == 1:
            what, subjects = heads[0], self.texts(fields, heads[0])
        else:
            self.fault(node, f"expected one of `status`, {', '.join(f'`{head}`' for head in words.FACT_HEADS)}")
            return []
        value = self.text(fields, "as") or (subjects[0] if what == "sole" and subjects else "")
        value = self.text(fields, "of") if what == "holds" else value
        if what in ("merged", "split") and not self.texts(fields, "into"):
            self.fault(node, f"a fact of what `{what}` needs `into`")
        return [
            Fact(
                what=what, of=subject, by=self.text(fields, "by"), value=value, start=start, end=end,
                source=self.text(fields, "source"), line=node.line, tag=self.text(fields, "tag"),
                actors=self.texts(fields, "into" if what in ("merged", "split") else "actors"),
            )
            for subject in subjects
        ]  # fmt: skip

    def _terms(self) -> dict[str, Term]:
        terms: dict[str, Term] = {}
        for node in self.part("terms", list):
            fields = self.known(node, words.TERM, "term")
            term = self._term(node, fields)
            if not term.id:
                self.fault(node, "a term needs an `id`", "id")
            elif term.id in terms:
                self.fault(node, f"term {quoted(term.id)} stands here twice: first on line {terms[term.id].line}")
            else:
                terms[term.id] = term
        return terms

    def _term(self, node: Node, fields: Mapping[str, Node]) -> Term:
        term_id = self.text(fields, "id")
        what = f"term {quoted(term_id)}"
        if "kind" not in fields:
            self.fault(node, f"{what}: expected a `kind`: {', '.join(TERM_KINDS)}", "kind")
        text = fields.get("text")
        is_withheld = text is not None and text.value == "withheld"
        when = {key: self.vocabulary(fields.get(key), what) for key in ("from", "until", "while", "if", "unless")}
        for key in ("on", "is", "after"):
            self.vocabulary(fields.get(key), what)
        for key in ("effect", "by", "else"):
            self._loose(fields.get(key), what)
        return Term(
            id=term_id,
            kind=self.choice(fields, "kind", TERM_KINDS, "require"),
            line=node.line,
            who=self._selector(fields.get("who"), what),
            to=self._selector(fields.get("to"), what),
            does=self.texts(fields, "does"),
            where=self.texts(fields, "in"),
            begins=when["from"], ends=when["until"], during=when["while"], only_if=when["if"], unless=when["unless"],
            except_=self.texts(fields, "except"),
            overrides=self.texts(fields, "overrides"),
            ask=self.text(fields, "ask"),
            burden=self.choice(fields, "burden", ("bearer", "none"), "bearer"),
            instrument=self.text(fields, "instrument"),
            is_withheld=is_withheld,
            source=self.text(fields, "source"),
            tag=self.text(fields, "tag"),
            text={} if is_withheld else self.named(fields, "text"),
            versions=self._versions(fields.get("versions"), what),
            procure=self.text(fields, "procure"),
            protects=self.choice(fields, "protects", words.PROTECTS),
            clock=self.choice(fields, "clock", ("stops", "runs"), "stops"),
            proof=self.choice(fields, "proof", ("record", "deed")),
            at=self.choice(fields, "at", ("impact", "origin"), "impact"),
            body={key: value.plain() for key, value in fields.items()},
        )  # fmt: skip

    def _versions(self, node: Node | None, what: str) -> tuple[Mapping[str, Any], ...]:
        """Published versions of one clause, each with the fields it has otherwise."""
        if node is None or node.value is None:
            return ()
        if not isinstance(node.value, list) or len(node.value) < 2:
            self.fault(node, f"{what}: `versions` expects a list of at least two, got {node.kind}")
            return ()
        for one in node.value:
            fields = self.known(one, words.VERSION, f"{what}: a version")
            for key in ("from", "until", "while", "on", "is"):
                self.vocabulary(fields.get(key), what)
        return tuple(one.plain() for one in node.value if isinstance(one.value, dict))

    def _loose(self, node: Node | None, what: str) -> None:
        """Fields whose meaning comes with the kinds that are judged later: read, kept, not looked into."""
        if node is not None and isinstance(node.value, bool):
            self.fault(node, f"{what}: expected text or a mapping, got {node.kind}")

    def _selector(self, node: Node | None, what: str) -> Selector | None:
        if node is None or node.value is None or node.value == "any":
            return None
        if isinstance(node.value, dict):
            fields = self.known(node, words.SELECTOR, what)
            return Selector(self.texts(fields, "of"), self.text(fields, "is"))
        ids = self.texts({"who": node}, "who")
        return Selector((), "bound") if ids == ("bound",) else Selector(ids)

    def _precision(self) -> Precision:
        fields = self.known(self.root["precision"], words.PRECISION, "precision") if "precision" in self.root else {}
        places, sources, hours = dict(table.PLACES), {k: dict(v) for k, v in table.SOURCES.items()}, dict(table.HOURS)
        for word in self._mapping(fields.get("places")):
            radius = self.number(self._mapping(fields["places"]), word, 0, 1_000_000)
            places[word] = radius if radius is not None else 0
        for source, node in self._mapping(fields.get("sources")).items():
            sources[source] = {code: str(item.plain()) for code, item in self._mapping(node).items()}
        for word, node in self._mapping(fields.get("hours")).items():
            pair = node.plain()
            if isinstance(pair, list) and len(pair) == 2 and all(type(v) is int for v in pair):
                hours[word] = (pair[0], pair[1])
            else:
                self.fault(node, f"expected `[from, to]` in civil hours, got {quoted(pair)}", word)
        slack = self.number(fields, "hour_slack_s", 0, 43_200)
        return Precision(places, sources, hours, 1_800 if slack is None else slack)

    def _mapping(self, node: Node | None) -> dict[str, Node]:
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.fault(node, f"expected a mapping, got {node.kind}")
            return {}
        return node.value

    def _readings(self) -> dict[str, str]:
        shown = {key: choices[0] for key, choices in words.READING_CHOICES.items()}
        if "readings" in self.root:
            fields = self.known(self.root["readings"], words.READINGS, "readings")
            for key in fields:
                if key in shown:
                    shown[key] = self.choice(fields, key, words.READING_CHOICES[key], shown[key])
        return shown

    def _remarks(self) -> int:
        """How long the parties concerned may remark on a draft finding."""
        fields = self.known(self.root["findings"], words.FINDINGS, "findings") if "findings" in self.root else {}
        if "remarks" not in fields:
            return REMARKS_S
        try:
            return parse_duration(self.text(fields, "remarks", "PT72H"))
        except InputError as error:
            self.fault(fields["remarks"], str(error), "remarks")
            return REMARKS_S

    def _plain_part(self, key: str, allowed: Iterable[str]) -> Any:  # noqa: ANN401  # plain values
        if key not in self.root:
            return {}
        self.known(self.root[key], allowed, key)
        return self.root[key].plain()
