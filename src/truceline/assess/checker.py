"""Does a tree of `truceline why --json` hold? `python checker.py TREE.json [SHA256 ...]`, offline and on its own.

Shares no code with the engine. From the inputs inside the file (text, signed acts, report) it works out every question
anew and refuses the file at the first difference. What it cannot work out itself (drawn places, evidence, rare words of
a text) stands under `given`: those answers are counted and named as taken on trust.
"""
# fmt: off  # 250 lines at most, so that one person reads them all in one sitting
# ruff: noqa: D102, D103, E501, E701, FBT001, FBT002
import hashlib
import json
import sys
from bisect import bisect_right
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785
import shapely

AGO, AHEAD = -(1 << 40), 1 << 40
ORDER = ("place,time,actor,target,act,altitude,open word,withheld text,disputed designation,order unknown,no coverage,"
         "awaiting answer,corroboration,kind not yet judged").split(",")
FACTORS = ("text", "time", "place", "altitude", "act", "actor", "target", "condition", "exception")
HOLDS = ("text", "time", "place", "altitude", "purpose", "actor", "target", "invoked", "granted", "taken back")
LEAVES = {"open", "text", "kind of", "exists", "height", "named", "invoked"}
COURSES = set("window define done when not any-of readings moment instrument status own rule accepted excluded marked side".split())
CIVILIAN = {"civilians", "medical", "school", "aid"}
BOUND = {"all": ["accepted", {"not": ["excluded", "expelled", "withdrawn"]}]}
NO: Any = (-1, frozenset())
YES: Any = (1, frozenset())

class Refused(Exception):  # noqa: N818  # what happened, in one word
    """The tree does not hold; the message says where."""

def sha(value: Any) -> str: return hashlib.sha256(rfc8785.dumps(value)).hexdigest()
def key(*parts: Any) -> str: return rfc8785.dumps(list(parts)).decode()
def zero(*why: str) -> Any: return 0, frozenset(why)
def sign(value: int, why: str) -> Any: return (value, frozenset()) if value else zero(why)
def whys(answer: Any) -> list[str]: return sorted(answer[1], key=ORDER.index)
def many(x: Any) -> list[Any]: return x if isinstance(x, list) else [] if x is None else [x]

def ruled(rule: str, xs: list[Any]) -> Any:
    """What a rule makes of the answers below it: Kleene's logic, alternatives, a reason under another name."""
    why: frozenset[str] = frozenset().union(*(x[1] for x in xs))
    if rule in ("not", "none"):
        value, why = xs[0] if rule == "not" else ruled("any", xs)
        return -value, why
    if rule in ("all", "any"):
        value = min((x[0] for x in xs), default=1) if rule == "all" else max((x[0] for x in xs), default=-1)
        return value, why if value == 0 else frozenset()
    if rule.startswith("same "):
        signs = {x[0] for x in xs}
        if len(signs) == 1 and 0 not in signs: return xs[0]
        return zero(*why, *([rule[5:]] if {1, -1} <= signs or not why else []))
    if rule in ("direction", "target"):
        value, why = ruled("same actor", xs) if rule == "direction" else xs[0]
        old, new = ("target", "actor") if rule == "direction" else ("actor", "target")
        return value, why - {old} | {new} if old in why else why
    return NO if xs[0] == NO else zero({"open world": "time", "members unknown": "actor"}[rule])

def steps(found: list[Any], before: Any = NO) -> Any:
    """An answer until each step changes it, as (second, answer); steps that change nothing are dropped."""
    whole = list(({AGO: before} | dict(sorted(found, key=lambda s: s[0]))).items())
    return [s for i, s in enumerate(whole) if i == 0 or s[1] != whole[i - 1][1]]

def merged(rule: str, courses: list[Any]) -> Any:
    def at(course: Any, mark: int) -> Any: return course[bisect_right([s[0] for s in course], mark) - 1][1]
    marks = sorted({AGO}.union(*({at for at, _ in c} for c in courses)))
    return steps([(mark, ruled(rule, [at(c, mark) for c in courses])) for mark in marks])

def window(start: int, end: int = AHEAD, yes: Any = YES) -> Any:
    return steps([*([(start, yes)] if start < end else []), *([(end, NO)] if end < AHEAD else [])])

class Replay:
    """Works out every question anew from the inputs of a file; under a world, from what the world makes of them."""

    def __init__(self, inputs: dict[str, Any], world: dict[str, Any] | None = None) -> None:
        """Take the inputs."""
        world = world or {"report": {}, "acts": [], "given": {}}
        self.inp, self.text, self.given, self.new = inputs, inputs["agreement"], {**inputs["given"], **world["given"]}, world["given"]
        self.report, self.acts = {**inputs["report"], **world["report"]}, [*inputs["acts"], *world["acts"]]
        self.terms = {t["id"]: t for t in many(self.text.get("terms"))} | inputs["terms"]
        self.actors = {a: f or {} for a, f in (self.text.get("actors") or {}).items()}
        self.table: dict[str, Any] = {}
        self.kept: dict[str, Any] = {}
        self.up: dict[str, set[str]] = {}
        for name, kinds in [*inputs["common_acts"].items(), *(self.text.get("acts") or {}).items()]:
            for kind in [name, *many(kinds)]: self.up.setdefault(kind, set()).update({name} - {kind})
        self.guarantors = {a for a, f in self.actors.items() if f.get("kind") == "guarantor"}
        dated = many(self.text.get("facts"))
        self.rules = {"bound": BOUND} | {f["status"]: f["is"] for f in dated if "is" in f and "status" in f}
        self.facts = []
        for f, line in zip(dated, inputs["lines"]["facts"], strict=True):
            head = next((k for k in ("status", "accepted", "excluded", "sole") if k in f and "is" not in f), "")
            span = {"start": self.at(f.get("from"), AGO), "end": self.at(f.get("until"), AHEAD), "cite": f"line {line}"}
            self.facts += [{"what": f["status"] if head == "status" else head, "of": of, "by": f.get("by") or "", **span,
                            "actors": many(f.get("actors"))} for of in many(f.get("of" if head == "status" else head))]
        self.facts += inputs["facts"]

    def at(self, text: Any, default: Any = None) -> Any:
        if text is None: return default
        moment = datetime.fromisoformat(str(text) + "2000-01-01T00:00"[len(str(text)):])
        if moment.tzinfo: return int(moment.timestamp())
        zone = ZoneInfo(self.text.get("tz") or "UTC")
        seconds = [int(moment.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)]
        return min(seconds) if len(str(text)) > 10 else seconds[0]
    def above(self, actor: str, *fields: str) -> list[str]:
        seen, ahead = [], [actor]
        for here in ahead:
            if here and here not in seen:
                seen.append(here)
                ahead += [self.actors.get(here, {}).get(k) or "" for k in fields or ("part_of", "side")]
        return seen
    def belongs(self, a: str, b: str) -> int: return 1 if b in self.above(a) else 0 if a in self.above(b) else -1
    def parts(self, a: str) -> list[str]: return sorted(o for o in self.actors if o != a and a in self.above(o))
    def classes(self, act: str) -> set[str]: return {act}.union(*(self.classes(up) for up in self.up.get(act, ())))
    def kind_of(self, act: str, cls: str) -> int:
        return 1 if cls in self.classes(act) else 0 if any({act, cls} <= self.classes(k) for k in self.up) else -1
    def signed(self, by: list[str]) -> bool:
        bodies = {a: many(f.get("members")) for a, f in self.actors.items() if f.get("kind") == "body" and not f.get("side")}
        rule = {a: any if self.actors[a].get("decides") == "any" else all for a in bodies}
        return any(a in by or bool(m) and rule[a](x in by for x in m) for a, m in bodies.items()) or bool(self.guarantors) and self.guarantors <= set(by)

    def top(self, term: str) -> str:
        r = self.report
        c = [r["start"], r["end"], -1 if r["unordered"] else 0, int(r["lasts"])]
        return key("any", c) if term == "any" else key("covered", [term], c)
    def ask(self, q: str) -> Any:
        """The answer to a question, or its steps in time, worked out once from the questions below it."""
        if q in self.kept and self.kept[q] is None: raise Refused(f"table: {q} leads back to itself")
        if q not in self.kept:
            self.kept[q], (kind, *rest), cites, rule, of = None, json.loads(q), [], "given", []
            if q in self.given or kind in ("lies", "told"): found = self.trusted(q, kind, rest)
            elif kind in ("moment", "accepted", "excluded", "marked"): rule, (found, cites) = "leaf", self.dated(kind, *rest)
            elif kind in LEAVES: rule, found = "leaf", self.leaf(kind, *rest)
            else:
                rule, of = (self.course if kind in COURSES else self.below)(kind, *rest)
                below = [self.ask(x) for x in of]
                found = self.during(of[0], rest[1]) if rule == "during" else (merged if kind in COURSES else ruled)(rule, below)
            shown = {"steps": [[at, a[0], whys(a)] for at, a in found]} if kind in COURSES else {"value": found[0], "why": whys(found)}
            self.kept[q], self.table[q] = found, {"rule": rule, "of": of, "by": cites, **shown}
        return self.kept[q]

    def trusted(self, q: str, kind: str, rest: list[Any]) -> Any:
        """What no rule opens; a place by code, or a drawn one of few corners, must fit all the same."""
        if q not in self.given: raise Refused(f"given: no answer to {q}")
        if kind in COURSES: return [(at, (value, frozenset(why))) for at, value, why in self.given[q]]
        value, why = self.given[q]
        region, units, shapes = self.report[rest[1] if kind == "lies" else "impact"], self.inp["places"]["units"], self.inp["places"]["shapes"]
        codes = [g.removeprefix("admin:") for z in (rest[0] if kind == "lies" else []) for g in many(self.text["zones"][z].get("geo"))]
        if kind == "lies" and q not in self.new and region["kind"] == "area" and codes and {*codes, *region["areas"]} <= set(units):
            each = [ruled("any", [sign(1 if units[c][0] in units[a] else 0 if units[a][0] in units[c] else -1, "place") for c in codes]) for a in region["areas"]]
            if ruled("same place", each)[0] not in (value, -1 if value == 0 else value): raise Refused(f"given: {q} is not what the codes say")
        if kind == "lies" and q not in self.new and region["kind"] == "disc" and not region["country"] and set(rest[0]) <= set(shapes):
            inside = any(shapely.from_wkt(shapes[z]).covers(shapely.Point(region["lon_e7"], region["lat_e7"])) for z in rest[0])
            if value == (-1 if inside else 1): raise Refused(f"given: {q}: the middle lies on the other side")
        return value, frozenset(why)

    def during(self, q: str, c: list[int]) -> Any:
        ends = [at for at, _ in self.ask(q)[1:]] + [2 * AHEAD]
        inside = [a for (at, a), end in zip(self.ask(q), ends, strict=True) if at < c[1] and c[0] < end]
        if c[3] == 2 and len(inside) > 1 and json.loads(q)[0] in ("window", "status"): raise Refused(f"marks: a step of {q} is missing")
        return ruled("same time", inside)

    # -- when does something hold? -----------------------------------------------------------------------------------
    def when(self, plain: Any) -> str:
        if isinstance(plain, bool) or not isinstance(plain, str | int): return key("when", plain)
        kind = self.terms.get(str(plain), {"kind": "moment"})["kind"]
        return key(kind if kind in ("define", "moment") else "done", str(plain))

    def course(self, kind: str, a: Any, b: str = "", wide: bool = False) -> Any:
        """What a question in time rests on: a rule, and the questions that it is applied to."""
        t: Any = self.terms.get(a, {}) if isinstance(a, str) else {}
        if kind == "window" and t["kind"] != "define":
            whole, name = (self.text.get("instruments") or {}).get(t.get("instrument")), t.get("instrument")
            own = [t.get(k) if t.get(k) is not None or "while" in t else (whole or {}).get(k) for k in ("from", "until")]
            of = [key("instrument", name)] * (whole is not None) + [self.when(x) for x in own[:1] if x is not None]
            return "all", of + [key("not", x) for x in own[1:] if x is not None] + [self.when(t["while"]) for _ in "." if "while" in t]
        if kind == "instrument": return "any" if self.text["instruments"][a].get("adopted") is False else "all", []
        if kind == "when" and isinstance(a, dict):
            turn = {"until": "not", "all": "when", "both": "when", "any": "any-of"}
            return "all", [self.when(a[k]) if k in ("at", "from") else key(turn.get(k, k), a[k]) for k in sorted(a)]
        if kind == "rule" and isinstance(a, dict):
            (word, items), = a.items()
            return {"not": "none", "any": "any"}.get(word, "all"), [key("rule", x, b, wide) for x in many(items)]
        if kind == "side":
            side = next((x for x in self.above(a) if self.actors.get(x, {}).get("kind") == "side"), a)
            return "any", [key("accepted", x) for x in (side, *self.parts(side))]
        if kind in ("status", "own"):
            if wide and self.inp["readings"]["umbrella"] == "strict": return "members unknown", [key("side", b)]
            if kind == "status" and not wide and self.parts(b): return "same actor", [key("own", a, x, False) for x in (b, *self.parts(b))]
            if a in ("accepted", "excluded"): return ("all", [key(*(("side", b) if wide else (a, b)))]) if not wide or a == "accepted" else ("any", [])
            if a in self.rules: return "all", [key("rule", self.rules[a], b, wide)]
            return ("any", []) if wide else ("all", [key("marked", a, b)])
        if kind == "done": return ("any", []) if t["kind"] == "power" else ("open world", [self.when(t["on"]) if "on" in t else key("window", a)])
        if kind in ("window", "rule"): return "all", [key("define", a) if kind == "window" else key("status", a, b, wide)]
        rule = {"not": "not", "any-of": "any", "readings": "same open word"}.get(kind, "all")
        return rule, [self.when(x) for x in many(t.get("is") if kind == "define" else a)]

    def dated(self, kind: str, a: str, b: str = "") -> Any:
        """Steps of a moment, or of a status from dated facts and signed acts, and what is cited for them."""
        if kind == "moment": return window(self.at(a)), []
        what, chain = (a, self.above(b, "part_of")) if kind == "marked" else (kind, self.above(a, "part_of"))
        facts = [f for f in self.facts if f["what"] == what and f["of"] in chain]
        def apart(f: Any) -> bool:
            said = {g["by"] for g in facts if g["of"] == f["of"] and g["start"] < f["end"] and f["start"] < g["end"]}
            return kind != "marked" and f["by"] in self.guarantors and f["of"] not in self.guarantors and not self.guarantors <= said
        found = merged("any", [window(f["start"], f["end"], zero("disputed designation") if apart(f) else YES) for f in facts])
        acts = [x for x in self.acts if kind == "accepted" and x["act"] in ("accept", "withdraw") and set(chain) & set(x["by"])]
        found = merged("any", [found, *(window(x["at"]) for x in acts if x["act"] == "accept")])
        left = merged("not", [steps([(x["at"], YES if x["act"] == "withdraw" else NO) for x in acts])])
        return merged("all", [found, left]), [*(f["cite"] for f in facts), *(f"act {x['id']}" for x in acts)]

    # -- what does it mean for the report? c = [start, end, way (-1 = not known), 1 it lasts or 2 a piece of it] -----
    def ways(self, c: list[int]) -> list[list[int]]:
        if c[2] >= 0: return [c]
        means, named = self.means(c), (self.report["actor"], self.report["target"])
        able = [w for w in (0, 1) if means is None or named[w]["mode"] in ("unknown", "none") or
                any(self.belongs(x, m) >= 0 for x in named[w]["ids"] for m in means)]
        return [[*c[:2], w, c[3]] for w in able or (0, 1)]

    def means(self, c: list[int]) -> list[str] | None:
        sole = [f for f in self.facts if f["what"] == "sole" and f["start"] <= c[0] and c[1] <= f["end"]]
        found = [next((f["actors"] for f in sole if self.kind_of(act, f["of"]) == 1), None) for act in self.report["acts"]]
        return None if not found or None in found else list(dict.fromkeys(a for one in found for a in one or []))

    def below(self, kind: str, a: Any, c: Any = (), name: str = "") -> Any:
        """What a question about the report rests on: a rule, and the questions that it is applied to."""
        if kind == "any": return "same actor", [key("some", w) for w in self.ways(a)]
        if kind == "some": return "any", [key("covered", group, a) for group in self.inp["groups"]]
        if kind in ("all of", "as target"): return ("all", a) if kind == "all of" else ("target", [key("all of", a)])
        if kind == "if": return "during", [a]
        ids = many(a)
        t, ways = self.terms[ids[0]], self.ways(c)
        if kind == "covered":
            if t["kind"] == "define": return "all", [key("time", a, c)]
            if t["kind"] not in ("prohibit", "permit"): return "any", []
            if c[3] == 1:
                marks = self.inp["marks"][key(*ids)]
                if marks != sorted({*marks}) or marks[0] != c[0] or marks[-1] != c[1]: raise Refused("marks: not the time of the report")
                return "any", [key("covered", a, [x, y, c[2], 2]) for x, y in pairwise(marks)]
            if t["kind"] == "permit": return "same actor", [key("holds", ids[0], w) for w in ways]
            if len(ways) == 1: return "all", [key(f, a, ways[0]) for f in FACTORS]
            return "all", [key("direction", a, c), *(key("both ways", a, c, f) for f in FACTORS if f not in ("actor", "target"))]
        if kind == "direction": return kind, [key("way", a, w) for w in ways]
        if kind == "both ways": return "same actor", [key(name, a, w) for w in ways]
        if kind == "way": return "all", [key("actor", a, c), key("target", a, c)]
        if kind == "time": return "during", [key("window", ids[0])]
        if kind == "act": return "same act", [key("kind of", x, many(t.get("does"))) for x in self.report["acts"]] or [key("open", "act")]
        if kind == "condition": return "all", self.asked(t.get("if"), c) + [key("unless", a, c)] * bool(t.get("unless"))
        if kind == "unless": return "not", [key("all of", self.asked(t["unless"], c))]
        if kind in ("exception", "taken back"):
            field = "except" if kind == "exception" else "overrides"
            return "none", [key("holds", p, c) for p in sorted(self.terms) if ids[0] in many(self.terms[p].get(field))]
        if kind == "holds" and self.ask(key("invoked", a, c)) == NO: return "all", [key("invoked", a, c)]
        if kind == "holds": return "all", [key(f, a if f in ("invoked", "granted", "purpose") else [a], c) for f in HOLDS] + [key("unless", [a], c)] * bool(t.get("unless"))
        if kind == "purpose": return "all", [key("act", [a], c)] * (self.ask(key("act", [a], c))[0] != 0 or "notice" not in many(t.get("if") and list(t["if"])))
        if kind == "granted":
            made = [x["is_yes"] for x in self.acts if x["act"] == "answer" and x["term"] == a and self.signed(x["by"])]
            if made: return "all" if made[-1] else "any", []
            return "all", [key("open", "awaiting answer")] if t.get("ask") else self.asked(t.get("if"), c)
        return self.whom(kind, ids, c)

    def asked(self, plain: Any, c: Any) -> list[str]:
        told = {k: v for k, v in plain.items() if k in ("earlier", "followed", "number")} if isinstance(plain, dict) else {}
        rest = {k: v for k, v in plain.items() if k not in ("earlier", "followed", "number", "notice")} if isinstance(plain, dict) else plain
        return ([key("if", self.when(rest), c)] if rest else []) + [key("told", told, c)] * bool(told)

    def layers(self, ids: list[str]) -> list[Any]:
        found: dict[str, set[str]] = {}
        ahead = [z for i in ids for z in many(self.terms[i].get("in"))]
        for zone_id in ahead:
            zone = self.text["zones"][zone_id]
            ahead += many(zone.get("union"))
            if "union" not in zone: found.setdefault(key(zone.get("alt_m"), self.at(zone.get("from")), self.at(zone.get("until"))), set()).add(zone_id)
        return [(*json.loads(k), sorted(found[k])) for k in sorted(found)]

    def whom(self, kind: str, ids: list[str], c: list[int]) -> Any:
        """Place, altitude, actor, target: what the report names, and what the term asks of it."""
        if kind in ("place", "altitude"):
            layers = [([key("lies", zones, self.terms[ids[0]].get("at") or "impact"), key("exists", start, end, c)], [key("height", alt)]) for alt, start, end, zones in self.layers(ids)]
            if len(layers) < 2: return "all", [q for layer in layers for q in layer[kind == "altitude"]]
            return ("any", [key("all of", [*a, *b]) for a, b in layers]) if kind == "place" else ("all", [])
        wanted, named = self.terms[ids[0]].get("who" if kind == "actor" else "to"), self.report["actor" if (kind == "actor") == (c[2] < 1) else "target"]
        if wanted is None or wanted == "any": return "all", []
        whom, status = (wanted.get("of"), wanted.get("is")) if isinstance(wanted, dict) else (None, "bound") if many(wanted) == ["bound"] else (wanted, None)
        means, below = self.means(c) if kind == "actor" else None, []
        if means is not None and named["mode"] == "unknown": named = {"ids": means, "mode": "either", "is_umbrella": False}
        elif means is not None and named["mode"] != "none":
            able = [x for x in named["ids"] if x == "unknown" or any(self.belongs(x, m) >= 0 for m in means)]
            named = {**named, "ids": able if named["mode"] == "either" else named["ids"], "mode": named["mode"] if able else "unknown"}
        if named["mode"] == "unknown" or (named["mode"] == "none" and kind == "target"): return "all", [key("open", kind)]
        if named["mode"] == "none": return "any", []
        for x in named["ids"]:
            wide = named["is_umbrella"] and (len(named["ids"]) == 1 or self.actors.get(x, {}).get("kind") == "side")
            of = [key("named", x, many(whom))] + [key("if", key("status", status, x, wide), c)] * bool(status and x in self.actors)
            below.append(key("all of" if kind == "actor" else "as target", of))
        return "any" if kind == "actor" and named["mode"] == "joint" else f"same {kind}", below

    def leaf(self, kind: str, a: Any, b: Any = None, c: Any = None) -> Any:
        """What the report, the actors and the act tree answer by themselves."""
        r = self.report
        if kind == "open": return zero(a)
        if kind == "text": return zero("withheld text") if self.terms[a[0]].get("text") == "withheld" else YES
        if kind == "kind of": return sign(max([self.kind_of(a, x) for x in b] or [1]), "act") if a in self.up else zero("act")
        if kind == "exists":
            a, b = AGO if a is None else a, AHEAD if b is None else b
            return YES if a <= c[0] and c[1] <= b else NO if c[1] <= a or b <= c[0] else zero("time")
        if kind == "height" and a is None: return YES
        if kind == "height" and (r["low_m"] is None or r["high_m"] is None): return zero("altitude")
        if kind == "height": return sign((a[0] <= r["low_m"] and r["high_m"] <= a[1]) - (r["high_m"] < a[0] or a[1] < r["low_m"]), "altitude")
        if kind == "named" and a in CIVILIAN | {"settlement"}: return YES if a in b else zero("target") if a == "settlement" else NO
        if kind == "named": return sign(max([self.belongs(a, x) for x in b] or [1]), "actor") if a in self.actors else zero("actor")
        t, named = self.terms[a], r["target" if b[2] == 1 else "actor"]["ids"]
        by = [x["by"] for x in self.acts if x["act"] == "invoke" and x["term"] == a and x["of"] == r["id"]]
        speaks = [not named or any(self.belongs(x, y) >= 0 for x in named for y in one) for one in by]
        return YES if t.get("burden") == "none" or any(not s or not named if t.get("overrides") else s for s in speaks) else NO

def check(proof: dict[str, Any]) -> list[str]:
    """Work out a whole file anew; gives the questions that were taken on trust.

    Raises:
        Refused: the file does not hold, and where.
    """
    try:
        inputs = proof["inputs"]
        if sha({k: v for k, v in proof.items() if k != "seal"}) != proof["seal"]: raise Refused("seal: not the hash of the content")
        if {k: sha(v) for k, v in [*inputs.items(), ("worlds", proof["worlds"])]} != proof["versions"]: raise Refused("versions: not the hashes of the inputs")
        replay = Replay(inputs)
        if proof["trees"] != {t: replay.top(t) for t in proof["trees"]}: raise Refused("trees: not about the report")
        bans = sorted(t for t, f in replay.terms.items() if f["kind"] == "prohibit" and not f.get("overrides"))
        if "any" in proof["trees"] and sorted(t for g in inputs["groups"] for t in g) != bans: raise Refused("groups: not every prohibition once")
        for q in proof["trees"].values(): replay.ask(q)
        for q in sorted({*replay.table, *proof["table"]}):
            if proof["table"].get(q) != replay.table.get(q): raise Refused(f"table: {q}")
        if set(proof) != {"format", "inputs", "versions", "trees", "table", "worlds", "seal"} or proof["format"] != 1: raise Refused("format")
        if unused := {q for q in inputs["given"] if q not in replay.table}: raise Refused(f"given: nothing asks {min(unused)}")
        for term, pair in proof["worlds"].items():
            for name, value in (("breach", 1), ("none", -1)):
                if (world := pair[name]) is not None and not (world["value"] == value == (r := Replay(inputs, world)).ask(r.top(term))[0]):
                    raise Refused(f"worlds: {term}: {name}")
        return sorted(q for q, entry in replay.table.items() if entry["rule"] == "given")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise Refused(f"not a tree: {error!r}") from None

def main(arguments: list[str]) -> int:
    """Check a file; each hash that is named must be one of its versions."""
    found = json.loads(Path(arguments[0]).read_bytes())
    proof = found.get("proof", found)
    try:
        trust = check(proof)
        if missing := set(arguments[1:]) - set(proof["versions"].values()): raise Refused(f"versions: none is {min(missing)}")
    except Refused as error:
        print(f"does not hold: {error}")
        return 1
    print(f"holds: {', '.join(proof['trees'])}; agreement {proof['versions']['agreement']}; taken on trust: {len(trust)}", *trust, sep="\n  ")
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
