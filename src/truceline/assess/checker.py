"""Does a tree of `truceline why --json` hold? `python checker.py TREE.json [SHA256 ...]`, offline and on its own.

Works out every question anew from the inputs in the file; what no rule opens is named as taken on trust.
"""

# fmt: off
# ruff: noqa: ANN401, E501, E701, PLR0912
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

AGO, AHEAD, NO, YES = -(1 << 40), 1 << 40, (-1, frozenset[str]()), (1, frozenset[str]())
ORDER = "place,time,actor,target,act,altitude,open word,withheld text,disputed designation,order unknown,no coverage,awaiting answer,corroboration,kind not yet judged".split(",")
FACTORS = ("text", "time", "place", "altitude", "act", "actor", "target", "condition", "exception")
HOLDS = ("text", "time", "place", "altitude", "purpose", "actor", "target", "invoked", "granted", "taken back")
COURSES = set("window define done when not any-of readings moment instrument status own rule accepted excluded marked side".split())
LEAVES, OF_REPORT, CIVILIAN = {"open", "text", "kind of", "exists", "height", "named", "invoked"}, {"earlier", "followed", "number"}, {"civilians", "medical", "school", "aid", "settlement"}
class Refused(Exception):  # noqa: N818  # what happened, in one word
    """The tree does not hold; the message says where."""
def _sha(value: Any) -> str: return hashlib.sha256(rfc8785.dumps(value)).hexdigest()
def _key(*parts: Any) -> str: return rfc8785.dumps(list(parts)).decode()
def _open(*why: str) -> Any: return 0, frozenset(why)
def _sign(value: int, why: str) -> Any: return (value, frozenset()) if value else _open(why)
def _whys(answer: Any) -> list[str]: return sorted(answer[1], key=ORDER.index)
def _list(x: Any) -> list[Any]: return x if isinstance(x, list) else [] if x is None else [x]
def _ruled(rule: str, xs: list[Any]) -> Any:  # Kleene's logic, alternatives, and a reason under another name
    why: frozenset[str] = frozenset().union(*(x[1] for x in xs))
    if rule in ("not", "none"): return -(x := xs[0] if rule == "not" else _ruled("any", xs))[0], x[1]
    if rule in ("all", "any"): return (v := min([x[0] for x in xs] or [1]) if rule == "all" else max([x[0] for x in xs] or [-1])), frozenset() if v else why
    if rule.startswith("same "):
        if len(signs := {x[0] for x in xs}) == 1 and 0 not in signs: return xs[0]
        return _open(*why, *([rule[5:]] if {1, -1} <= signs or not why else []))
    if rule in ("direction", "target"):
        old, new, (value, why) = ("target", "actor", _ruled("same actor", xs)) if rule == "direction" else ("actor", "target", xs[0])
        return value, why - {old} | {new} if old in why else why
    return NO if xs[0] == NO else _open({"open world": "time", "members unknown": "actor"}[rule])
def _steps(found: list[Any], before: Any = NO) -> Any:  # an answer until each step changes it, as (second, answer)
    whole = list(({AGO: before} | dict(sorted(found, key=lambda s: s[0]))).items())
    return [s for i, s in enumerate(whole) if i == 0 or s[1] != whole[i - 1][1]]
def _merged(rule: str, courses: list[Any]) -> Any:  # a rule at every second of some courses
    marks = sorted({AGO}.union(*({at for at, _ in c} for c in courses)))
    return _steps([(mark, _ruled(rule, [c[bisect_right(c, mark, key=lambda s: s[0]) - 1][1] for c in courses])) for mark in marks])
def _window(start: int, end: int = AHEAD, yes: Any = YES) -> Any: return _steps([*([(start, yes)] if start < end else []), *([(end, NO)] if end < AHEAD else [])])
class Replay:
    """Works out every question anew from the inputs of a file; under a world, from what the world makes of them."""
    def __init__(self, inputs: dict[str, Any], world: dict[str, Any] | None = None) -> None:
        """Take the inputs."""
        world = world or {"report": {}, "acts": [], "given": {}}
        self.inp, self.text, self.given, self.new = inputs, inputs["agreement"], {**inputs["given"], **world["given"]}, world["given"]
        self.report, self.acts = {**inputs["report"], **world["report"]}, [*inputs["acts"], *world["acts"]]
        self.terms = {t["id"]: t for t in _list(self.text.get("terms"))} | inputs["terms"]
        self.actors = {a: f or {} for a, f in (self.text.get("actors") or {}).items()}
        self.guarantors = {a for a, f in self.actors.items() if f.get("kind") == "guarantor"}
        self.table, self.kept, self.up, dated = dict[str, Any](), dict[str, Any](), dict[str, set[str]](), _list(self.text.get("facts"))
        for name, kinds in [*inputs["common_acts"].items(), *(self.text.get("acts") or {}).items()]:
            for kind in [name, *_list(kinds)]: self.up.setdefault(kind, set()).update({name} - {kind})
        self.rules, self.facts = {"bound": {"all": ["accepted", {"not": ["excluded", "expelled", "withdrawn"]}]}} | {f["status"]: f["is"] for f in dated if "is" in f and "status" in f}, inputs["facts"][:]
        for f, line in zip(dated, inputs["lines"]["facts"], strict=True):
            head = next((k for k in ("status", "accepted", "excluded", "sole") if k in f and "is" not in f), "")
            fact = {"what": f["status"] if head == "status" else head, "by": f.get("by") or "", "actors": _list(f.get("actors")), "start": self._at(f.get("from"), AGO), "end": self._at(f.get("until"), AHEAD), "cite": f"line {line}"}
            self.facts += [{**fact, "of": of} for of in _list(f.get("of" if head == "status" else head))]
    def _at(self, text: Any, default: Any = None) -> Any:
        if text is None: return default
        moment, zone = datetime.fromisoformat(str(text) + "2000-01-01T00:00"[len(str(text)):]), ZoneInfo(self.text.get("tz") or "UTC")
        seconds = [int(moment.replace(tzinfo=moment.tzinfo or zone, fold=fold).timestamp()) for fold in (0, 1)]
        return min(seconds) if len(str(text)) > 10 else seconds[0]
    def _above(self, actor: str, *fields: str) -> list[str]:
        seen = [actor]
        for here in seen: seen += [x for k in fields or ("part_of", "side") if (x := self.actors.get(here, {}).get(k)) and x not in seen]
        return seen
    def _belongs(self, a: str, b: str) -> int: return 1 if b in self._above(a) else 0 if a in self._above(b) else -1
    def _parts(self, a: str) -> list[str]: return sorted(o for o in self.actors if o != a and a in self._above(o))
    def _classes(self, act: str) -> set[str]: return {act}.union(*(self._classes(up) for up in self.up.get(act, ())))
    def _kind_of(self, act: str, cls: str) -> int: return 1 if cls in self._classes(act) else 0 if any({act, cls} <= self._classes(k) for k in self.up) else -1
    def _top(self, term: str) -> str:  # the question at the root of a tree
        c = [self.report["start"], self.report["end"], -1 if self.report["unordered"] else 0, int(self.report["lasts"])]
        return _key("any", c) if term == "any" else _key("covered", [term], c)
    def _ask(self, q: str) -> Any:  # the answer to a question, or its steps in time, worked out once from the questions below it
        if q in self.kept and self.kept[q] is None: raise Refused(f"table: {q} leads back to itself")
        if q in self.kept: return self.kept[q]
        self.kept[q], (kind, *rest), cites, rule, of = None, json.loads(q), [], "given", []
        if q in self.given or kind in ("lies", "told"): found = self._trusted(q, kind, rest)
        elif kind in ("moment", "accepted", "excluded", "marked"): rule, (found, cites) = "leaf", self._dated(kind, *rest)
        elif kind in LEAVES: rule, found = "leaf", self._leaf(kind, *rest)
        else:
            rule, of = (self._course if kind in COURSES else self._below)(kind, *rest)
            found = self._during(of[0], rest[1]) if rule == "during" else (_merged if kind in COURSES else _ruled)(rule, [self._ask(x) for x in of])
        shown = {"steps": [[at, a[0], _whys(a)] for at, a in found]} if kind in COURSES else {"value": found[0], "why": _whys(found)}
        self.kept[q], self.table[q] = found, {"rule": rule, "of": of, "by": cites, **shown}
        return found
    def _trusted(self, q: str, kind: str, rest: list[Any]) -> Any:
        if kind in COURSES: return [(at, (value, frozenset(why))) for at, value, why in self.given[q]]
        (value, why), (units, shapes) = self.given[q], (self.inp["places"][k] for k in ("units", "shapes"))
        zones, r = (rest[0], self.report[rest[1]]) if kind == "lies" and q not in self.new else ([], {"kind": ""})
        codes = [g.removeprefix("admin:") for z in zones for g in _list(self.text["zones"][z].get("geo"))]
        if r["kind"] == "area" and codes and {*codes, *r["areas"]} <= set(units):
            lies = {max(1 if units[c][0] in units[a] else -(units[a][0] not in units[c]) for c in codes) for a in r["areas"]}
            if (lies.pop() if len(lies) == 1 else 0) not in (value, value or -1): raise Refused(f"given: {q} is not what the codes say")
        if r["kind"] == "disc" and not r["country"] and zones and set(zones) <= set(shapes):
            inside = [shapely.from_wkt(shapes[z]).covers(shapely.Point(r["lon_e7"], r["lat_e7"])) for z in zones]
            if value == (-1 if any(inside) else 1): raise Refused(f"given: {q}: the middle lies on the other side")
        return value, frozenset(why)
    def _during(self, q: str, c: list[int]) -> Any:
        inside = [a for (at, a), (end, _) in pairwise([*self._ask(q), (2 * AHEAD, NO)]) if at < c[1] and c[0] < end]
        if c[3] == 2 and len(inside) > 1 and json.loads(q)[0] in ("window", "status"): raise Refused(f"marks: a step of {q} is missing")
        return _ruled("same time", inside)
    def _when(self, plain: Any) -> str:
        if isinstance(plain, bool) or not isinstance(plain, str | int): return _key("when", plain)
        return _key(k if (k := self.terms.get(str(plain), {"kind": "moment"})["kind"]) in ("define", "moment") else "done", str(plain))
    def _course(self, kind: str, a: Any, b: str = "", wide: bool = False) -> Any:
        t: Any = self.terms.get(a, {}) if isinstance(a, str) else {}
        if kind == "window" and t["kind"] != "define":
            whole, name = (self.text.get("instruments") or {}).get(t.get("instrument")), t.get("instrument")
            first, last = (t.get(k) if t.get(k) is not None or "while" in t else (whole or {}).get(k) for k in ("from", "until"))
            asked = [self._when(x) for x in (first,) if x is not None] + [_key("not", x) for x in (last,) if x is not None]
            return "all", [_key("instrument", name)] * (whole is not None) + asked + [self._when(t["while"]) for _ in "." if "while" in t]
        if kind == "instrument": return "any" if self.text["instruments"][a].get("adopted") is False else "all", []
        if kind == "when" and isinstance(a, dict): return "all", [self._when(a[k]) if k in ("at", "from") else _key({"until": "not", "all": "when", "both": "when", "any": "any-of"}.get(k, k), a[k]) for k in sorted(a)]
        if kind == "rule" and isinstance(a, dict): return {"not": "none", "any": "any"}.get(next(iter(a)), "all"), [_key("rule", x, b, wide) for items in a.values() for x in _list(items)]
        side = next((x for x in self._above(a) if self.actors.get(x, {}).get("kind") == "side"), a) if kind == "side" else ""
        if side: return "any", [_key("accepted", x) for x in (side, *self._parts(side))]
        if kind in ("status", "own"):
            if wide and self.inp["readings"]["umbrella"] == "strict": return "members unknown", [_key("side", b)]
            if kind == "status" and not wide and self._parts(b): return "same actor", [_key("own", a, x, False) for x in (b, *self._parts(b))]
            if a in self.rules: return "all", [_key("rule", self.rules[a], b, wide)]
            if wide and a != "accepted": return "any", []
            return "all", [_key("side", b) if wide else _key(a, b) if a in ("accepted", "excluded") else _key("marked", a, b)]
        if kind == "done": return ("any", []) if t["kind"] == "power" else ("open world", [self._when(t["on"]) if "on" in t else _key("window", a)])
        if kind in ("window", "rule"): return "all", [_key("define", a) if kind == "window" else _key("status", a, b, wide)]
        return {"not": "not", "any-of": "any", "readings": "same open word"}.get(kind, "all"), [self._when(x) for x in _list(t.get("is") if kind == "define" else a)]
    def _dated(self, kind: str, a: str, b: str = "") -> Any:
        if kind == "moment": return _window(self._at(a)), []
        what, chain = (a, self._above(b, "part_of")) if kind == "marked" else (kind, self._above(a, "part_of"))
        facts = [f for f in self.facts if f["what"] == what and f["of"] in chain]
        def yes(f: Any) -> Any:
            said, parties = {g["by"] for g in facts if g["of"] == f["of"] and g["start"] < f["end"] and f["start"] < g["end"]}, self.guarantors
            return _open("disputed designation") if kind != "marked" and f["by"] in parties and f["of"] not in parties and not parties <= said else YES
        acts = [x for x in self.acts if kind == "accepted" and x["act"] in ("accept", "withdraw") and set(chain) & set(x["by"])]
        spans = [_window(f["start"], f["end"], yes(f)) for f in facts] + [_window(x["at"]) for x in acts if x["act"] == "accept"]
        left = _steps([(x["at"], YES if x["act"] == "withdraw" else NO) for x in acts])
        return _merged("all", [_merged("any", spans), _merged("not", [left])]), [*(f["cite"] for f in facts), *(f"act {x['id']}" for x in acts)]
    def _means(self, c: list[int]) -> list[str] | None:
        sole = [f for f in self.facts if f["what"] == "sole" and f["start"] <= c[0] and c[1] <= f["end"]]
        found = [next((f["actors"] for f in sole if self._kind_of(act, f["of"]) == 1), None) for act in self.report["acts"]]
        return None if not found or None in found else list(dict.fromkeys(a for one in found for a in one or []))
    def _ways(self, c: list[int]) -> list[list[int]]:
        means, named = self._means(c), (self.report["actor"], self.report["target"])
        able = [w for w in (0, 1) if means is None or named[w]["mode"] in ("unknown", "none") or any(self._belongs(x, m) >= 0 for x in named[w]["ids"] for m in means)]
        return [c] if c[2] >= 0 else [[*c[:2], w, c[3]] for w in able or (0, 1)]
    def _asked(self, plain: Any, c: Any) -> list[str]:
        told, rest = ({k: v for k, v in plain.items() if (k in OF_REPORT) == is_told and k != "notice"} if isinstance(plain, dict) else other for is_told, other in ((True, {}), (False, plain)))
        return ([_key("if", self._when(rest), c)] if rest else []) + [_key("told", told, c)] * bool(told)
    def _below(self, kind: str, a: Any, c: Any = (), name: str = "") -> Any:  # c: start, end, way (-1 = not known), 1 lasts or 2 a piece
        if kind == "any": return "same actor", [_key("some", w) for w in self._ways(a)]
        if kind == "some": return "any", [_key("covered", group, a) for group in self.inp["groups"]]
        if kind in ("all of", "as target"): return ("all", a) if kind == "all of" else ("target", [_key("all of", a)])
        if kind in ("if", "time"): return "during", [a if kind == "if" else _key("window", a[0])]
        t, ways, ids = self.terms[_list(a)[0]], self._ways(c), _list(a)
        if kind == "covered" and t["kind"] not in ("prohibit", "permit"): return ("all", [_key("time", a, c)]) if t["kind"] == "define" else ("any", [])
        if kind == "covered" and c[3] == 1:
            if (marks := self.inp["marks"][_key(*ids)]) != sorted({*marks}) or [marks[0], marks[-1]] != c[:2]: raise Refused("marks: not the time")
            return "any", [_key("covered", a, [x, y, c[2], 2]) for x, y in pairwise(marks)]
        if kind == "covered" and t["kind"] == "permit": return "same actor", [_key("holds", a[0], w) for w in ways]
        if kind == "covered" and len(ways) == 1: return "all", [_key(f, a, ways[0]) for f in FACTORS]
        if kind == "covered": return "all", [_key("direction", a, c), *(_key("both ways", a, c, f) for f in FACTORS if f not in ("actor", "target"))]
        if kind in ("direction", "both ways"): return kind if kind == "direction" else "same actor", [_key(name or "way", a, w) for w in ways]
        if kind == "way": return "all", [_key("actor", a, c), _key("target", a, c)]
        if kind == "act": return "same act", [_key("kind of", x, _list(t.get("does"))) for x in self.report["acts"]] or [_key("open", "act")]
        if kind == "condition": return "all", self._asked(t.get("if"), c) + [_key("unless", a, c)] * bool(t.get("unless"))
        if kind == "unless": return "not", [_key("all of", self._asked(t["unless"], c))]
        field = {"exception": "except", "taken back": "overrides"}.get(kind)
        if field: return "none", [_key("holds", p, c) for p in sorted(self.terms) if a[0] in _list(self.terms[p].get(field))]
        if kind == "holds" and self._ask(_key("invoked", a, c)) == NO: return "all", [_key("invoked", a, c)]
        if kind == "holds": return "all", [_key(f, a if f in ("invoked", "granted", "purpose") else [a], c) for f in HOLDS] + [_key("unless", [a], c)] * bool(t.get("unless"))
        if kind == "purpose": return "any" if isinstance(t.get("if"), dict) and "notice" in t["if"] and self._ask(_key("act", [a], c))[0] == 0 else "all", [_key("act", [a], c), _key("all of", [])]
        if kind == "granted": return "all", [_key("open", "awaiting answer")] if t.get("ask") else self._asked(t.get("if"), c)
        return self._place(kind, ids, c) if kind in ("place", "altitude") else self._whom(kind, t, c)
    def _place(self, kind: str, ids: list[str], c: list[int]) -> Any:
        found, ahead, at = dict[str, set[str]](), [z for i in ids for z in _list(self.terms[i].get("in"))], self.terms[ids[0]].get("at") or "impact"
        for zone_id in ahead:
            ahead += _list((zone := self.text["zones"][zone_id]).get("union"))
            if "union" not in zone: found.setdefault(_key(zone.get("alt_m"), self._at(zone.get("from")), self._at(zone.get("until"))), set()).add(zone_id)
        each = [([_key("lies", sorted(found[k]), at), _key("exists", *json.loads(k)[1:], c)], [_key("height", json.loads(k)[0])]) for k in sorted(found)]
        if len(each) < 2: return "all", [q for one in each for q in one[kind == "altitude"]]
        return ("any", [_key("all of", [*a, *b]) for a, b in each]) if kind == "place" else ("all", [])
    def _whom(self, kind: str, t: Any, c: list[int]) -> Any:
        wanted, named = t.get("who" if kind == "actor" else "to"), self.report["actor" if (kind == "actor") == (c[2] < 1) else "target"]
        if wanted is None or wanted == "any": return "all", []
        whom, status = (wanted.get("of"), wanted.get("is")) if isinstance(wanted, dict) else (None, "bound") if _list(wanted) == ["bound"] else (wanted, None)
        means, below = self._means(c) if kind == "actor" else None, []
        if means is not None and named["mode"] == "unknown": named = {"ids": means, "mode": "either", "is_umbrella": False}
        elif means is not None and named["mode"] != "none":
            able = [x for x in named["ids"] if x == "unknown" or any(self._belongs(x, m) >= 0 for m in means)]
            named = {**named, "ids": able if named["mode"] == "either" else named["ids"], "mode": named["mode"] if able else "unknown"}
        if named["mode"] in ("unknown", "none"): return ("any", []) if kind == "actor" and named["mode"] == "none" else ("all", [_key("open", kind)])
        for x in named["ids"]:
            wide = named["is_umbrella"] and (len(named["ids"]) == 1 or self.actors.get(x, {}).get("kind") == "side")
            of = [_key("named", x, _list(whom))] + [_key("if", _key("status", status, x, wide), c)] * bool(status and x in self.actors)
            below.append(_key("all of" if kind == "actor" else "as target", of))
        return "any" if kind == "actor" and named["mode"] == "joint" else f"same {kind}", below
    def _leaf(self, kind: str, a: Any, b: Any = None, c: Any = None) -> Any:
        r, begin, end = self.report, AGO if a is None else a, AHEAD if b is None else b
        if kind in ("open", "text"): return _open(a) if kind == "open" else _open("withheld text") if self.terms[a[0]].get("text") == "withheld" else YES
        if kind == "kind of": return _sign(max([self._kind_of(a, x) for x in b] or [1]), "act") if a in self.up else _open("act")
        if kind == "exists": return YES if begin <= c[0] and c[1] <= end else NO if c[1] <= begin or end <= c[0] else _open("time")
        if kind == "height" and (a is None or None in (r["low_m"], r["high_m"])): return _open("altitude") if a else YES
        if kind == "height": return _sign((a[0] <= r["low_m"] and r["high_m"] <= a[1]) - (r["high_m"] < a[0] or a[1] < r["low_m"]), "altitude")
        if kind == "named" and a in CIVILIAN: return YES if a in b else _open("target") if a == "settlement" else NO
        if kind == "named": return _sign(max([self._belongs(a, x) for x in b] or [1]), "actor") if a in self.actors else _open("actor")
        t, named, by = self.terms[a], r["target" if b[2] == 1 else "actor"], [x["by"] for x in self.acts if [x["act"], x.get("term"), x.get("of")] == ["invoke", a, r["id"]]]
        each = [[_sign(max(self._belongs(x, y) for y in one), "actor") for x in named["ids"]] for one in by]
        said = [_open("actor") if named["mode"] == "unknown" else NO if named["mode"] == "none" else _ruled("any" if named["mode"] == "joint" else "same actor", e) for e in each]
        return YES if t.get("burden") == "none" else _ruled("any", [_ruled("not", [one]) if t.get("overrides") else one for one in said])
def check(proof: dict[str, Any]) -> list[str]:
    """Work out a whole file anew: the questions that were taken on trust; raises `Refused` where it does not hold."""
    def need(holds: bool, where: str) -> None:
        if not holds: raise Refused(where)
    try:
        inputs, trees, table, replay = proof["inputs"], proof["trees"], proof["table"], Replay(proof["inputs"])
        need(set(proof) == {"format", "inputs", "versions", "trees", "table", "worlds", "seal"} and proof["format"] == 1, "format: not known")
        need(_sha({k: v for k, v in proof.items() if k != "seal"}) == proof["seal"], "seal: not the hash of the content")
        need({k: _sha(v) for k, v in {**inputs, "worlds": proof["worlds"], "trees": trees}.items()} == proof["versions"], "versions: not those of the inputs")
        need(trees == {t: replay._top(t) for t in trees}, "trees: not about the report")
        need(sorted(t for group in inputs["groups"] for t in group) == sorted(t for t, f in replay.terms.items() if f["kind"] == "prohibit" and not f.get("overrides")), "groups: not every prohibition once")
        for q in trees.values(): replay._ask(q)
        for q in sorted({*replay.table, *table}): need(table.get(q) == replay.table.get(q), f"table: {q}")
        need(all(q in table for q in inputs["given"]), "given: more than is asked")
        for term, name, value, pair in ((t, n, v, p) for t, p in proof["worlds"].items() for n, v in (("breach", 1), ("none", -1))):
            need((w := pair[name]) is None or w["value"] == value == (r := Replay(inputs, w))._ask(r._top(term))[0], f"worlds: {term}: {name}")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise Refused(f"not a tree: {error!r}") from None
    return sorted(q for q, entry in table.items() if entry["rule"] == "given")
def main(arguments: list[str]) -> None:
    """Check a file; each hash that is named must be one of its versions."""
    try:
        trust, versions = check(proof := (found := json.loads(Path(arguments[0]).read_bytes())).get("proof", found)), proof["versions"]
        if missing := set(arguments[1:]) - set(versions.values()): raise Refused(f"versions: none is {min(missing)}")
    except (Refused, OSError, ValueError, AttributeError, RecursionError) as error: sys.exit(f"does not hold: {error}")
    print(f"holds: {', '.join(proof['trees'])}; agreement {versions['agreement']}; taken on trust: {len(trust)}", *trust, sep="\n  ")

if __name__ == "__main__": main(sys.argv[1:]) if sys.argv[1:] else sys.exit(__doc__)
