"""Does a tree of `truceline why --json` hold? `python checker.py TREE.json [SHA256 ...]`, offline and on its own.

Shares no code with the engine. From the inputs inside the file (text, signed acts, report) it builds every tree anew,
node by node, and refuses the file at the first difference. What it cannot work out itself (drawn places, evidence, rare
words of a text) stands under `given`: those answers are counted and named as taken on trust.
"""
# fmt: off  # 250 lines at most, so that one person reads them all in one sitting
from __future__ import annotations

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

AGO, AHEAD = -(1 << 40), 1 << 40
ORDER = ("place,time,actor,target,act,altitude,open word,withheld text,disputed designation,order unknown,no coverage,"
         "awaiting answer,corroboration,kind not yet judged").split(",")
FACTORS = ("text", "kind", "time", "place", "altitude", "act", "actor", "target", "condition", "exception")
NO: Any = (-1, frozenset())
YES: Any = (1, frozenset())

class Refused(Exception):  # noqa: N818  # what happened, in one word
    """The tree does not hold; the message says where."""

def _sha(value: Any) -> str: return hashlib.sha256(rfc8785.dumps(value)).hexdigest()
def _key(*parts: Any) -> str: return rfc8785.dumps(list(parts)).decode()
def _open(*why: str) -> Any: return 0, frozenset(why)
def _sign(value: int, why: str) -> Any: return (value, frozenset()) if value else _open(why)
def _why(answer: Any) -> list[str]: return sorted(answer[1], key=ORDER.index)
def _list(x: Any) -> list[Any]: return x if isinstance(x, list) else [] if x is None else [x]

def _ruled(rule: str, xs: list[Any]) -> Any:
    """What a rule makes of the answers below it: Kleene's logic, alternatives, a reason under another name."""
    why: frozenset[str] = frozenset().union(*(x[1] for x in xs))
    if rule in ("not", "none"):
        value, why = xs[0] if rule == "not" else _ruled("any", xs)
        return -value, why
    if rule in ("all", "any"):
        value = min((x[0] for x in xs), default=1) if rule == "all" else max((x[0] for x in xs), default=-1)
        return value, why if value == 0 else frozenset()
    if rule.startswith("same "):
        signs = {x[0] for x in xs}
        if len(signs) == 1 and 0 not in signs: return xs[0]
        return _open(*why, *([rule[5:]] if {1, -1} <= signs or not why else []))
    if rule in ("direction", "target"):
        value, why = _ruled("same actor", xs) if rule == "direction" else xs[0]
        old, new = ("target", "actor") if rule == "direction" else ("actor", "target")
        return value, why - {old} | {new} if old in why else why
    return NO if xs[0] == NO else _open({"open world": "time", "members unknown": "actor"}[rule])

def _steps(found: list[Any], before: Any = NO) -> Any:
    """An answer until each step changes it, as (second, answer); steps that change nothing are dropped."""
    whole = list(({AGO: before} | dict(sorted(found, key=lambda s: s[0]))).items())
    return [s for i, s in enumerate(whole) if i == 0 or s[1] != whole[i - 1][1]]

def _merged(rule: str, courses: list[Any]) -> Any:
    def at(course: Any, mark: int) -> Any: return course[bisect_right([s[0] for s in course], mark) - 1][1]
    marks = sorted({AGO}.union(*({at for at, _ in c} for c in courses)))
    return _steps([(mark, _ruled(rule, [at(c, mark) for c in courses])) for mark in marks])

def _window(start: int, end: int = AHEAD, yes: Any = YES) -> Any:
    return _steps([*([(start, yes)] if start < end else []), *([(end, NO)] if end < AHEAD else [])])

def _during(course: Any, r: Any) -> Any:
    ends = [at for at, _ in course[1:]] + [2 * AHEAD]
    return _ruled("same time", [a for (at, a), end in zip(course, ends, strict=True) if at < r["end"] and r["start"] < end])

class Replay:
    """Works out every question anew from the inputs of a file; under a world, from what the world makes of them."""

    def __init__(self, inputs: dict[str, Any], world: dict[str, Any] | None = None) -> None:
        """Take the inputs."""
        world = world or {"report": {}, "acts": [], "given": {}}
        self.inp, self.text, self.given = inputs, inputs["agreement"], {**inputs["given"], **world["given"]}
        self.report, self.acts, self.new = {**inputs["report"], **world["report"]}, [*inputs["acts"], *world["acts"]], world["given"]
        self.terms = {t["id"]: t for t in _list(self.text.get("terms"))} | inputs["terms"]
        self.actors = {a: f or {} for a, f in (self.text.get("actors") or {}).items()}
        self.table: dict[str, Any] = {}
        self.kept: dict[str, Any] = {}
        self.up: dict[str, set[str]] = {}
        for name, kinds in [*inputs["common_acts"].items(), *(self.text.get("acts") or {}).items()]:
            for kind in [name, *_list(kinds)]: self.up.setdefault(kind, set()).update({name} - {kind})
        self.guarantors = {a for a, f in self.actors.items() if f.get("kind") == "guarantor"}
        self.rules = {f["status"]: f["is"] for f in _list(self.text.get("facts")) if "is" in f and "status" in f}
        self.facts = list(inputs["facts"])
        for f, line in zip(_list(self.text.get("facts")), inputs["lines"]["facts"], strict=True):
            head = next((k for k in ("status", "accepted", "excluded", "sole") if k in f and "is" not in f), "")
            span = {"start": self._at(f.get("from"), AGO), "end": self._at(f.get("until"), AHEAD), "cite": f"line {line}"}
            self.facts += [{"what": f["status"] if head == "status" else head, "of": of, "by": f.get("by") or "", **span,
                            "actors": _list(f.get("actors"))} for of in _list(f.get("of" if head == "status" else head))]

    def _at(self, text: Any, default: Any = None) -> Any:
        if text is None: return default
        moment = datetime.fromisoformat(str(text) + "2000-01-01T00:00"[len(str(text)):])
        if moment.tzinfo: return int(moment.timestamp())
        zone = ZoneInfo(self.text.get("tz") or "UTC")
        seconds = [int(moment.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)]
        return min(seconds) if len(str(text)) > 10 else seconds[0]

    def _above(self, actor: str, *fields: str) -> list[str]:
        seen, ahead = [], [actor]
        for here in ahead:
            if here and here not in seen:
                seen.append(here)
                ahead += [self.actors.get(here, {}).get(k) or "" for k in fields or ("part_of", "side")]
        return seen

    def _belongs(self, a: str, b: str) -> int: return 1 if b in self._above(a) else 0 if a in self._above(b) else -1
    def _parts(self, a: str) -> list[str]: return sorted(o for o in self.actors if o != a and a in self._above(o))
    def _classes(self, act: str) -> set[str]: return {act}.union(*(self._classes(up) for up in self.up.get(act, ())))
    def _kind_of(self, act: str, cls: str) -> int:
        return 1 if cls in self._classes(act) else 0 if any({act, cls} <= self._classes(k) for k in self.up) else -1

    def ask(self, q: str) -> Any:
        """The answer to a question, or its steps in time, worked out once from the questions below it."""
        if q in self.kept and self.kept[q] is None: raise Refused(f"table: {q} leads back to itself")
        if q not in self.kept:
            self.kept[q], (kind, *rest), given = None, json.loads(q), self.given.get(q)
            rule, of, cites = "given", [], []
            if kind == "place": found = self._placed(q, rest, given)
            elif given is not None: found = [(a, (v, frozenset(w))) for a, v, w in given] if kind in COURSES else (given[0], frozenset(given[1]))
            elif kind in ("moment", "accepted", "excluded", "marked"): rule, (found, cites) = "leaf", self._dated(kind, *rest)
            elif kind in LEAVES: rule, found = "leaf", self._leaf(kind, *rest)
            else:
                rule, of = (self._course if kind in COURSES else self._below)(kind, *rest)
                found = self._during(of[0], rest[1]) if rule == "during" else (_merged if kind in COURSES else _ruled)(rule, [self.ask(x) for x in of])
            shown = {"steps": [[at, a[0], _why(a)] for at, a in found]} if kind in COURSES else {"value": found[0], "why": _why(found)}
            self.kept[q], self.table[q] = found, {"rule": rule, "of": of, "by": cites, **shown}
        return self.kept[q]

    def _during(self, q: str, c: list[int]) -> Any:
        course = self.ask(q)
        ends = [at for at, _ in course[1:]] + [2 * AHEAD]
        inside = [a for (at, a), end in zip(course, ends, strict=True) if at < c[1] and c[0] < end]
        if c[3] == 2 and len(inside) > 1 and q.startswith(('["window"', '["status"')): raise Refused(f"marks: a step of {q} is missing")
        return _ruled("same time", inside)

    # -- when does something hold? -----------------------------------------------------------------------------------
    def _when(self, plain: Any) -> str:
        if isinstance(plain, bool) or not isinstance(plain, str | int): return _key("when", plain)
        kind = self.terms.get(str(plain), {"kind": "moment"})["kind"]
        return _key(kind if kind in ("define", "moment") else "done", str(plain))

    def _course(self, kind: str, a: Any, b: str = "", wide: bool = False) -> Any:  # noqa: FBT001, FBT002
        """What a question in time rests on: a rule, and the questions that it is applied to."""
        t: Any = self.terms.get(a, {}) if isinstance(a, str) else {}
        if kind == "window" and t["kind"] != "define":
            whole, name = (self.text.get("instruments") or {}).get(t.get("instrument")), t.get("instrument")
            own = [t.get(k) if t.get(k) is not None or "while" in t else (whole or {}).get(k) for k in ("from", "until")]
            of = [_key("instrument", name)] * (whole is not None) + [self._when(x) for x in own[:1] if x is not None]
            return "all", of + [_key("not", x) for x in own[1:] if x is not None] + [self._when(t["while"])] * ("while" in t)
        if kind == "instrument": return "any" if self.text["instruments"][a].get("adopted") is False else "all", []
        if kind == "when" and isinstance(a, dict):
            turn = {"until": "not", "all": "when", "both": "when"}
            return "all", [self._when(a[k]) if k in ("at", "from") else _key(turn.get(k, k), a[k]) for k in sorted(a)]
        if kind == "rule" and isinstance(a, dict):
            (word, items), = a.items()
            return {"not": "none", "any": "any"}.get(word, "all"), [_key("rule", x, b, wide) for x in _list(items)]
        if kind == "side":
            side = next((x for x in self._above(a) if self.actors.get(x, {}).get("kind") == "side"), a)
            return "any", [_key("accepted", x) for x in (side, *self._parts(side))]
        if kind in ("status", "own") and wide and self.inp["readings"]["umbrella"] == "strict": return "members unknown", [_key("side", b)]
        if kind == "status" and not wide and self._parts(b): return "same actor", [_key("own", a, x) for x in (b, *self._parts(b))]
        if kind in ("status", "own"):
            if a in self.rules: return "all", [_key("rule", self.rules[a], b, wide)]
            if wide: return ("all", [_key("side", b)]) if a == "accepted" else ("any", [])
            return "all", [_key(a, b) if a in ("accepted", "excluded") else _key("marked", a, b)]
        each = [self._when(x) for x in _list(a)]
        owed = [self._when(t["on"]) if "on" in t else _key("window", a)]
        return {"window": ("all", [_key("define", a)]), "not": ("not", [self._when(a)]), "any": ("any", each), "when": ("all", each),
                "readings": ("same open word", each), "define": ("all", [self._when(t.get("is"))]), "rule": ("all", [_key("status", a, b, wide)]),
                "done": ("any", []) if t.get("kind") == "power" else ("open world", owed)}[kind]

    def _dated(self, kind: str, a: str, b: str = "") -> Any:
        """Steps of a moment, or of a status from dated facts and signed acts, and what is cited for them."""
        if kind == "moment": return _window(self._at(a)), []
        what, chain = (a, self._above(b, "part_of")) if kind == "marked" else (kind, self._above(a, "part_of"))
        facts = [f for f in self.facts if f["what"] == what and f["of"] in chain]
        def apart(f: Any) -> bool:
            said = {g["by"] for g in facts if g["of"] == f["of"] and g["start"] < f["end"] and f["start"] < g["end"]}
            return kind != "marked" and f["by"] in self.guarantors and f["of"] not in self.guarantors and not self.guarantors <= said
        found = _merged("any", [_window(f["start"], f["end"], _open("disputed designation") if apart(f) else YES) for f in facts])
        acts = [x for x in self.acts if x["act"] in ("accept", "withdraw") and set(chain) & set(x["by"]) and kind == "accepted"]
        found = _merged("any", [found, *(_window(x["at"]) for x in acts if x["act"] == "accept")])
        left = _merged("not", [_steps([(x["at"], YES if x["act"] == "withdraw" else NO) for x in acts])])
        return _merged("all", [found, left]), [*(f["cite"] for f in facts), *(f"act {x['id']}" for x in acts)]

    # -- what does it mean for one report? c = [start, end, way (-1 = not known), 1 lasts, 2 a piece] ----------------
    def _ways(self, c: list[int]) -> list[list[int]]:
        if c[2] >= 0: return [c]
        means, named = self._means(c), (self.report["actor"], self.report["target"])
        able = [[*c[:2], way, c[3]] for way in (0, 1) if means is None or named[way]["mode"] in ("unknown", "none")
                or any(self._belongs(a, m) >= 0 for a in named[way]["ids"] for m in means)]
        return able or [[*c[:2], 0, c[3]], [*c[:2], 1, c[3]]]

    def _means(self, c: list[int]) -> list[str] | None:
        sole = [f for f in self.facts if f["what"] == "sole" and f["start"] <= c[0] and c[1] <= f["end"]]
        found = [next((f["actors"] for f in sole if self._kind_of(act, f["of"]) == 1), None) for act in self.report["acts"]]
        return None if not found or None in found else [a for one in found for a in one or []]

    def _below(self, kind: str, a: Any, c: Any = (), *more: Any) -> Any:
        """What a question about the report rests on: a rule, and the questions that it is applied to."""
        ids = _list(a)
        t: Any = self.terms.get(ids[0] if ids else "", {})
        if kind == "any": return "same actor", [_key("some", w) for w in self._ways(a)]
        if kind == "some": return "any", [_key("covered", g, a) for g in self.inp["groups"]]
        if kind == "covered" and t["kind"] not in ("prohibit", "permit", "define"): return "all", [_key("open", "kind not yet judged")]
        if kind == "covered" and t["kind"] == "define": return "all", [_key("time", a, c)]
        if kind == "covered" and c[3] == 1:
            marks = self.inp["marks"][_key(*ids)]
            if marks != sorted({*c[:2], *marks}) or marks[0] != c[0] or marks[-1] != c[1]: raise Refused(f"marks: not those of {q}")
            return "any", [_key("covered", a, [x, y, c[2], 2]) for x, y in pairwise(marks)]
        ways = self._ways(c)
        if kind == "covered" and t["kind"] == "permit": return "same actor", [_key("holds", ids[0], w) for w in ways]
        if kind == "covered" and len(ways) == 1: return "all", [_key(f, a, ways[0]) for f in FACTORS]
        if kind == "covered": return "all", [_key("direction", a, c), *(_key("both ways", a, c, f) for f in FACTORS if f not in ("actor", "target"))]
        if kind == "direction": return "direction", [_key("way", a, w) for w in ways]
        if kind == "both ways": return "same actor", [_key(more[0], a, w) for w in ways]
        if kind == "way": return "all", [_key("actor", a, c), _key("target", a, c)]
        if kind == "time": return "during", [_key("window", ids[0])]
        if kind == "if": return "during", [a]
        if kind == "act": return "same act", [_key("kind of", x, _list(t.get("does"))) for x in self.report["acts"]] or [_key("open", "act")]
        if kind == "condition": return "all", [*([_key("if", self._when(t["if"]), c)] if t.get("if") else []), *([_key("unless", a, c)] if t.get("unless") else [])]
        if kind == "unless": return "not", [_key("if", self._when(t["unless"]), c)]
        permits = sorted(p for p, x in self.terms.items() if ids[0] in _list(x.get("except" if kind == "exception" else "overrides")))
        if kind in ("exception", "taken back"): return "none", [_key("holds", p, c) for p in permits]
        if kind == "holds":
            if self.ask(_key("invoked", a, c)) == NO: return "all", [_key("invoked", a, c)]
            return "all", [_key(f, a, c) for f in HOLDS] + [_key("unless", a, c)] * bool(t.get("unless"))
        return self._whom(kind, t, c)

    def _layers(self, ids: list[str]) -> list[Any]:
        found, ahead = {}, [z for i in ids for z in _list(self.terms[i].get("in"))]
        while ahead:
            zone, zone_id = self.text["zones"][ahead[0]], ahead.pop(0)
            ahead = _list(zone.get("union")) + ahead
            key = _key(zone.get("alt_m"), self._at(zone.get("from")), self._at(zone.get("until")))
            if "union" not in zone: found.setdefault(key, set()).add(zone_id)
        return [(*json.loads(key), sorted(zones)) for key, zones in found.items()]

    def _whom(self, kind: str, ids: list[str], c: list[int]) -> Any:
        """Place, altitude, actor, target: whom and what the report names, and what the term asks of them."""
        if kind in ("place", "altitude"):
            layers = [([_key("lies", zones), _key("exists", start, end, c)], [_key("height", alt)]) for alt, start, end, zones in self._layers(ids)]
            if len(layers) < 2: return "all", [q for layer in layers for q in layer[kind == "altitude"]]
            return ("any", [_key("all of", [*a, *b]) for a, b in layers]) if kind == "place" else ("all", [])
        wanted, field = self.terms[ids[0]].get("who" if kind == "actor" else "to"), "actor" if (kind == "actor") == (c[2] < 1) else "target"
        if wanted is None or wanted == "any": return "all", []
        whom, status = (wanted.get("of"), wanted.get("is")) if isinstance(wanted, dict) else (None, "bound") if _list(wanted) == ["bound"] else (wanted, None)
        named, means, below = self.report[field], self._means(c) if kind == "actor" else None, []
        if means is not None and named["mode"] == "unknown": named = {"ids": means, "mode": "either", "is_umbrella": False}
        elif means is not None and named["mode"] != "none":
            able = [x for x in named["ids"] if x == "unknown" or any(self._belongs(x, m) >= 0 for m in means)]
            named = {**named, "ids": able if named["mode"] == "either" else named["ids"], "mode": named["mode"] if able else "unknown"}
        if named["mode"] == "unknown" or (named["mode"] == "none" and kind == "target"): return "all", [_key("open", kind)]
        if named["mode"] == "none": return "any", []
        for x in named["ids"]:
            wide = named["is_umbrella"] and (len(named["ids"]) == 1 or self.actors.get(x, {}).get("kind") == "side")
            of = [_key("named", x, _list(whom))] + [_key("if", _key("status", status, x, wide), c)] * bool(status and x in self.actors)
            below.append(_key("all of" if kind == "actor" else "as target", of))
        return "any" if kind == "actor" and named["mode"] == "joint" else f"same {kind}", below

    def _leaf(self, kind: str, a: Any, b: Any = None, c: Any = None) -> Any:
        """What the report, the actors and the act tree answer by themselves."""
        r, t = self.report, self.terms.get(a if isinstance(a, str) else _list(a)[0] if kind == "text" else "", {})
        if kind == "open": return _open(a)
        if kind == "text": return _open("withheld text") if t.get("text") == "withheld" else YES
        if kind == "kind": return YES
        if kind == "kind of": return (_sign(max([self._kind_of(a, x) for x in b] or [1]), "act")) if a in self.up else _open("act")
        if kind == "exists": return _ruled("same time", [YES if (a or AGO) <= at < (AHEAD if b is None else b) else NO for at in (c[0], c[1] - 1)])
        if kind == "height" and a is None: return YES
        if kind == "height" and (r["low_m"] is None or r["high_m"] is None): return _open("altitude")
        if kind == "height": return _sign(1 if a[0] <= r["low_m"] and r["high_m"] <= a[1] else -1 if r["high_m"] < a[0] or a[1] < r["low_m"] else 0, "altitude")
        if kind == "named" and a in (CIVILIAN | {"settlement"}): return YES if a in b else _open("target") if a == "settlement" else NO
        if kind == "named": return _open("actor") if a not in self.actors else _sign(max([self._belongs(a, x) for x in b] or [1]), "actor")
        signers = [x["by"] for x in self.acts if x["act"] == "invoke" and x["term"] == a and x["of"] == r["id"]]
        named = r["target" if b[2] == 1 else "actor"]["ids"]
        speaks = [not named or any(self._belongs(x, y) >= 0 for x in named for y in by) for by in signers]
        return YES if t.get("burden") == "none" or any(not s or not named if t.get("overrides") else s for s in speaks) else NO
