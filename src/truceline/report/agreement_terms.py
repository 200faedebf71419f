"""How is a term read that is data? Field by field, as a person would say it, in the language of the page.

Who is bound, what is forbidden, permitted or owed, where, when, unless what. A word that is not known here is shown as
it stands in the text: nothing is left out, and nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from truceline.report.language import Words

Row = tuple[str, Markup]
"""A label, already in the language of the page, and what stands beside it."""

_DURATION = re.compile(r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?")
_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d)?)?)?)?(Z|[+-]\d\d:\d\d)?")

_OWN: Final = {"who", "to", "does", "do", "in", "at", "from", "until", "while", "on", "after", "by", "within", "ahead",
               "if", "unless", "except", "overrides", "ask", "burden", "is", "effect", "together", "persists", "effort",
               "else", "procure", "proof", "clock", "protects", "instrument", "source", "tag", "words", "modality",
               "note", "text"}  # fmt: skip
"""Fields that are read below, or that the page shows elsewhere; any other is shown as it stands."""


@dataclass(frozen=True)
class Named:
    """What the ids of a text are called.

    Attributes:
        actors, zones: id to names by language.
        terms: ids, in the order of the text.
        instruments: id to title.
        open_words: ids.
    """

    actors: Mapping[str, Mapping[str, str]]
    zones: Mapping[str, Mapping[str, str]]
    terms: frozenset[str]
    instruments: Mapping[str, str]
    open_words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reader:
    """Reads terms in one language.

    Attributes:
        words: of the language.
        named: what ids are called.
        page: address of the page on which the terms stand; empty = this page.
    """

    words: Words
    named: Named
    page: str = ""
    _spoken: dict[str, Callable[[Any, Mapping[str, Any]], Markup]] = field(default_factory=dict, repr=False)

    # -- a term --------------------------------------------------------------------------------------------------------

    def bearing(self, term: Mapping[str, Any]) -> list[Row]:
        """Who, what, towards whom: the first that a lawyer asks.

        Args:
            term: as the interface tells it: `kind`, `who`, `to`, `does`, `body`, `exceptions` and so on.
        """
        say, body = self.words.say, term["body"]
        return _filled([
            (self._bears(term), self.whom(term["who"]) if term["kind"] != "define" else None),
            (say("To bring about the act of"), self.actor(body["procure"]) if body.get("procure") else None),
            (self._what(term["kind"]), self._deed(term)),
            (say("Towards whom"), self._towards(term)),
        ])  # fmt: skip

    def limits(self, term: Mapping[str, Any]) -> list[Row]:
        """When, by when, unless what, and how: every other field of a term."""
        say, body = self.words.say, term["body"]
        found: list[tuple[str, Markup | None]] = [
            *self._times(term),
            (say("Set going by"), self._when(body.get("on", body.get("after")))),
            *self._limits(body),
            (say("Only if"), self._when(body.get("if"))),
            (say("Unless"), self._when(body.get("unless"))),
            (say("Exception to"), self.terms(body.get("except"))),
            (say("Takes back the exception"), self.terms(body.get("overrides"))),
            (say("Exceptions"), self.terms(term.get("exceptions"))),
            *self._asked(term),
            (say("If it is not done"), self.terms(body.get("else"))),
            *self._manner(body),
        ]
        found += [(self.words.apart(key), self.plain(value)) for key, value in body.items() if key not in _OWN]
        return _filled(found)

    def _bears(self, term: Mapping[str, Any]) -> Markup:
        say = self.words.say
        return {"power": say("Who may use it"), "permit": say("Who may rely on it")}.get(
            term["kind"], say("Who is bound")
        )

    def _what(self, kind: str) -> Markup:
        say = self.words.say
        return {
            "prohibit": say("Forbidden"), "permit": say("Not a breach"), "require": say("Owed"),
            "power": say("May bring about"),
        }.get(kind, say("Means"))  # fmt: skip

    def _deed(self, term: Mapping[str, Any]) -> Markup | None:
        body = term["body"]
        if term["kind"] == "define":
            return self._when(body.get("is"))
        if term["kind"] == "power":
            return self.effect(body.get("effect"))
        if term["kind"] == "require":
            return self.owed(body.get("do")) or self.acts(term["does"])
        return self.acts(term["does"])

    def _towards(self, term: Mapping[str, Any]) -> Markup | None:
        return None if term["to"] is None else self.whom(term["to"])

    def _times(self, term: Mapping[str, Any]) -> Iterable[tuple[str, Markup | None]]:
        say, body = self.words.say, term["body"]
        if body.get("from") is not None:
            yield say("From"), self.condition(body["from"])
        if body.get("until") is not None:
            yield say("Until"), self.condition(body["until"])
        if body.get("while") is not None:
            yield say("While"), self.condition(body["while"])

    def _limits(self, body: Mapping[str, Any]) -> Iterable[tuple[str, Markup | None]]:
        say = self.words.say
        yield say("By when"), self._when(body.get("by"))
        yield say("Within"), self._when(body.get("within"))
        yield say("At least ahead"), self._when(body.get("ahead"))
        together = body.get("together")
        if isinstance(together, Mapping):
            both = self.terms(together.get("with"))
            length = self.condition(together.get("within"))
            yield (
                say("Done together"),
                length if both is None else say("within {length}, with {terms}", length=length, terms=both),
            )
        elif together is not None:
            yield say("Done together"), say("within {length} of one another", length=self.condition(together))

    def _asked(self, term: Mapping[str, Any]) -> Iterable[tuple[str, Markup | None]]:
        say, body = self.words.say, term["body"]
        if body.get("ask"):
            yield say("A body has to answer"), self.code(body["ask"])
        if term["kind"] == "permit":
            is_given = body.get("burden") == "none"
            yield say("Relied on"), say("by itself") if is_given else say("when it is invoked by a signed act")

    def _manner(self, body: Mapping[str, Any]) -> Iterable[tuple[str, Markup | None]]:
        say = self.words.say
        said = []
        if body.get("effort") is True:
            said.append(say("an effort, not a result: silence never breaks it"))
        if body.get("persists") is True:
            said.append(say("it goes on being owed"))
        if body.get("clock") == "runs":
            said.append(say("its clock runs on while it is suspended"))
        if body.get("proof") == "record":
            said.append(say("done only when the record holds it"))
        if body.get("proof") == "deed":
            said.append(say("it may have been done unseen"))
        if body.get("protects"):
            said.append(
                say(
                    "it protects {whom}: nothing suspends or waives it",
                    whom=self.words.word("protects", body["protects"]),
                )
            )
        yield say("How"), self._joined(said, "; ") if said else None

    # -- pieces --------------------------------------------------------------------------------------------------------

    def whom(self, one: Mapping[str, Any] | None) -> Markup:
        """Whom a selector means."""
        say = self.words.say
        if one is None:
            return say("anybody")
        if not one["ids"]:
            return (
                say("everyone who is bound")
                if one["status"] == "bound"
                else say("everyone with the status {status}", status=self.status(one["status"]))
            )
        named = self.actors(one["ids"])
        if not one["status"]:
            return named
        if one["status"] == "bound":
            return say("{who}, where bound", who=named)
        return say("{who}, with the status {status}", who=named, status=self.status(one["status"]))

    def actor(self, key: Any) -> Markup:  # noqa: ANN401  # plain values
        """What an actor, or a target that the law protects, is called."""
        names = self.named.actors.get(str(key))
        if names:
            return self.words.name(names)
        return self.words.word("target", str(key))

    def actors(self, keys: Any) -> Markup:  # noqa: ANN401  # plain values
        """Several of them."""
        return self._joined([self.actor(one) for one in _listed(keys)])

    def status(self, key: str) -> Markup:
        """What a status is called."""
        return self.words.word("status", key)

    def acts(self, keys: Any) -> Markup | None:  # noqa: ANN401  # plain values
        """Classes of acts; None for none."""
        found = [self.words.word("act", str(one)) for one in _listed(keys)]
        return self._joined(found) if found else None

    def zone(self, key: Any) -> Markup:  # noqa: ANN401  # plain values
        """What a zone is called, with a way to its map."""
        names = self.named.zones.get(str(key))
        if names is None:
            return self.words.apart(str(key))
        label = self.words.name(names) if names else self.words.apart(str(key))
        return Markup('<a href="{}#zone-{}">{}</a>').format(self.page, key, label)

    def zones(self, keys: Any) -> Markup | None:  # noqa: ANN401  # plain values
        """Several of them; None for none."""
        found = [self.zone(one) for one in _listed(keys)]
        return self._joined(found) if found else None

    def term(self, key: Any) -> Markup:  # noqa: ANN401  # plain values
        """The id of a term, with a way to it."""
        if str(key) not in self.named.terms:
            return self.words.apart(str(key))
        return Markup('<a href="{}#{}">{}</a>').format(self.page, key, self.words.apart(str(key)))

    def terms(self, keys: Any) -> Markup | None:  # noqa: ANN401  # plain values
        """Several of them; None for none."""
        found = [self.term(one) for one in _listed(keys)]
        return self._joined(found) if found else None

    def code(self, value: Any) -> Markup:  # noqa: ANN401  # plain values
        """A word of the text as it stands."""
        return Markup('<code class="agreement-code">{}</code>').format(self.words.apart(str(value)))

    def length(self, text: str) -> Markup | None:
        """A duration in words; None where it is none."""
        match = _DURATION.fullmatch(text)
        if match is None or not any(match.groups()):
            return None
        count, n = self.words.count, {key: int(value) for key, value in match.groupdict().items() if value}
        said = []
        if "w" in n:
            said.append(count("{n} week", "{n} weeks", n["w"]))
        if "d" in n:
            said.append(count("{n} day", "{n} days", n["d"]))
        if "h" in n:
            said.append(count("{n} hour", "{n} hours", n["h"]))
        if "m" in n:
            said.append(count("{n} minute", "{n} minutes", n["m"]))
        if "s" in n:
            said.append(count("{n} second", "{n} seconds", n["s"]))
        return self._joined(said, " ")

    def owed(self, do: Any) -> Markup | None:  # noqa: ANN401  # plain values
        """What a duty asks for."""
        say = self.words.say
        if do is None:
            return None
        if isinstance(do, Mapping):
            if "clear" in do:
                return say(
                    "to withdraw {what} from {zone}", what=self.acts(do["clear"]) or "", zone=self.zone(do.get("of"))
                )
            if set(do) == {"retreat_m"}:
                return say("to retreat {n} m", n=do["retreat_m"])
            return self.plain(do)
        found = [
            self.words.word("deed", str(one)) if str(one) not in self.named.terms else self.term(one)
            for one in _listed(do)
        ]
        return self._joined(found)

    def effect(self, value: Any) -> Markup | None:  # noqa: ANN401  # plain values
        """What a power brings about."""
        say = self.words.say
        if not isinstance(value, Mapping):
            return None if value is None else self.code(value)
        made = {
            "prolong": lambda of: say("prolongs {what}", what=self.thing(of)),
            "end": lambda of: say("ends {what}", what=self.thing(of)),
            "suspend": lambda of: say("suspends {what}", what=self.thing(of)),
            "resume": lambda of: say("lifts the suspension of {what}", what=self.thing(of)),
            "reset": lambda of: say("begins the count of {what} anew", what=self.thing(of)),
            "status": lambda of: say("gives the status {status}", status=self.status(str(of))),
            "open": lambda of: say("opens {what}", what=self.words.word("deed", str(of))),
        }
        said = [made[key](of) if key in made else self.plain({key: of}) for key, of in value.items()]
        return self._joined(said, "; ")

    def thing(self, key: Any) -> Markup:  # noqa: ANN401  # plain values
        """A term, an instrument, or a word of the text."""
        if str(key) in self.named.instruments:
            return Markup("{} {}").format(self.words.apart(str(key)), self.foreign(self.named.instruments[str(key)]))
        return self.term(key) if str(key) in self.named.terms else self.code(key)

    def foreign(self, text: str) -> Markup:
        """A text in the language in which it was written."""
        return self.words.apart(text)

    def label(self, name: str) -> Markup | None:
        """What a field of a term is called; None where it has no name but its own."""
        say = self.words.say
        known = {
            "who": say("Who is bound"), "to": say("Towards whom"), "in": say("Where"), "from": say("From"),
            "until": say("Until"), "while": say("While"), "on": say("Set going by"), "by": say("By when"),
            "within": say("Within"), "if": say("Only if"), "unless": say("Unless"), "except": say("Exception to"),
            "is": say("Means"), "do": say("Owed"), "else": say("If it is not done"), "ahead": say("At least ahead"),
        }  # fmt: skip
        return known.get(name)

    def field(self, name: str, value: Any) -> Markup:  # noqa: ANN401  # plain values
        """A field of a term as a person would say it."""
        if name in ("who", "to"):
            return self._whomever(value)
        if name == "does":
            return self.acts(value) or self.plain(value)
        if name == "in":
            return self.zones(value) or self.plain(value)
        if name == "do":
            return self.owed(value) or self.plain(value)
        if name in ("except", "overrides", "else"):
            return self.terms(value) or self.plain(value)
        if name in ("is", "from", "until", "while", "on", "after", "by", "within", "ahead", "if", "unless", "together"):
            return self.condition(value)
        return self.plain(value)

    def _whomever(self, value: Any) -> Markup:  # noqa: ANN401  # plain values
        """Whom a field means, as it stands in the text."""
        if value == "any":
            return self.whom(None)
        if isinstance(value, Mapping):
            return self.whom({"ids": _listed(value.get("of")), "status": value.get("is", "")})
        return self.whom({"ids": [], "status": "bound"} if value == "bound" else {"ids": _listed(value), "status": ""})

    def plain(self, value: Any) -> Markup:  # noqa: ANN401  # plain values
        """Plain values as they stand in the text."""
        if isinstance(value, bool):
            return self.words.word("yes or no", "1" if value else "-1")
        if isinstance(value, Mapping):
            return self._joined(
                [Markup("{}: {}").format(self.code(key), self.plain(one)) for key, one in value.items()], "; "
            )
        if isinstance(value, list | tuple):
            return self._joined([self.plain(one) for one in value])
        return self.length(str(value)) or self.code(value)

    def _joined(self, parts: Iterable[Markup], by: str = ", ") -> Markup:
        return (self.words.say(by) if by.strip() else Markup(" ")).join(parts)

    # -- conditions ----------------------------------------------------------------------------------------------------

    def _when(self, value: Any) -> Markup | None:  # noqa: ANN401  # plain values
        return None if value is None else self.condition(value)

    def condition(self, value: Any) -> Markup:  # noqa: ANN401  # plain values
        """A condition in words; what is not known here stands as it is."""
        if isinstance(value, list | tuple):
            return self._several(self.words.say("all of these:"), value)
        if not isinstance(value, Mapping):
            return self._named(str(value))
        if "for" in value and "from" in value:
            return self._window(value)
        parts, rest = [], dict(value)
        for key in list(rest):
            if key in rest and (spoken := getattr(self, f"_say_{key}", None)) is not None:
                parts.append(spoken(rest.pop(key), rest))  # noqa: PERF401  # it takes from `rest` as it goes
        parts += [Markup("{}: {}").format(self.code(key), self.plain(one)) for key, one in rest.items()]
        return self._joined(parts, "; ")

    def _named(self, text: str) -> Markup:
        if text in self.named.terms:
            return self.term(text)
        if text in self.named.open_words:
            return Markup('<a href="{}#word-{}">{}</a> <span class="agreement-open">{}</span>').format(
                self.page, text, self.words.apart(text), self.words.say("open word")
            )
        if is_time(text):
            return self.words.apart(text.replace("T", " "))
        return self.length(text) or self.code(text)

    def _several(self, head: Markup, values: Any) -> Markup:  # noqa: ANN401  # plain values
        items = [self.condition(one) for one in (values if isinstance(values, list | tuple) else [values])]
        if len(items) == 1:
            return items[0]
        rows = Markup("").join(Markup("<li>{}</li>").format(one) for one in items)
        return Markup('{}<ul class="agreement-any">{}</ul>').format(head, rows)

    def _window(self, value: Mapping[str, Any]) -> Markup:
        say = self.words.say
        said = [
            say("from {start}, for {length}", start=self.condition(value["from"]), length=self.condition(value["for"]))
        ]
        if value.get("then"):
            said.append(say("{term} can prolong it", term=self.term(value["then"])))
        if value.get("lapse_on_silence") is True:
            said.append(say("silence ends it"))
        rest = {key: one for key, one in value.items() if key not in ("from", "for", "then", "lapse_on_silence")}
        return self._joined([*said, *([self.condition(rest)] if rest else [])], "; ")

    def _say_all(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self._several(self.words.say("all of these:"), value)

    _say_both = _say_all

    def _say_any(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self._several(self.words.say("one of these:"), value)

    def _say_not(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("not: {what}", what=self.condition(value))

    def _say_readings(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self._several(self.words.say("read in several ways:"), [self._reading(one) for one in value])

    def _reading(self, value: Any) -> Any:  # noqa: ANN401  # plain values
        return (
            value["is"]
            if isinstance(value, Mapping) and set(value) <= {"name", "is", "source", "note"} and "is" in value
            else value
        )

    def _say_name(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.apart(str(value))

    def _say_at(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.condition(value)

    def _say_from(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("from {when}", when=self.condition(value))

    def _say_after(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("after {when}", when=self.condition(value))

    def _say_until(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("until {when}", when=self.condition(value))

    _say_before = _say_until

    def _say_done(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        say = self.words.say
        if not isinstance(value, Mapping):
            return say("when {what} is done", what=self._named(str(value)))
        what = self.owed(value.get("do")) or self.plain(value)
        if value.get("m"):
            what = say("{what}, {n} m", what=what, n=value["m"])
        return say("when {who} has done this: {what}", who=self.actor(value.get("by")), what=what)

    def _say_accepted(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("when {who} has accepted", who=self.actor(value))

    def _say_published(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("when {what} is published", what=self.thing(value))

    def _say_status(self, value: Any, rest: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say(
            "while {who} has the status {status}", who=self.actor(rest.pop("of", "")), status=self.status(str(value))
        )

    def _say_request(self, value: Any, rest: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        what = self.words.word("deed", str(value))
        by = rest.pop("by", None)
        if by is None:
            return self.words.say("a request: {what}", what=what)
        return self.words.say("a request by {who}: {what}", who=self.actors(by), what=what)

    def _say_opened(self, _value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("an allegation is lodged")

    def _say_answered(self, _value: Any, rest: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        late = rest.pop("or_elapsed", None)
        if late is None:
            return self.words.say("the allegation is answered")
        return self.words.say("the allegation is answered, or {length} have passed", length=self.condition(late))

    def _say_breach(self, value: Any, rest: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        by = rest.pop("by", None)
        if by is None:
            return self.words.say("the body finds a breach of {term}", term=self._named(str(value)))
        return self.words.say(
            "the body finds a breach of {term} by {who}", term=self._named(str(value)), who=self.actors(by)
        )

    def _say_fulfilled(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("{term} is kept", term=self._named(str(value)))

    def _say_findings(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("breaches are found this often: {what}", what=self.condition(value))

    def _say_complies(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("while {who} complies", who=self.actors(value))

    def _say_agree(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("{who} agrees", who=self.actor(value))

    def _say_checkpoint(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("while {who} confirms the checkpoint", who=self.actor(value))

    def _say_consent(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self.words.say("while {who} confirms consent", who=self.actor(value))

    def _say_notice(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        say, one = self.words.say, dict(value) if isinstance(value, Mapping) else {}
        said = [say("a notice that fits was given to {who}", who=self.actors(one.pop("to", "any")))]
        if "ahead" in one:
            said.append(say("at least {length} ahead", length=self.condition(one.pop("ahead"))))
        if "matches" in one:
            fits = self._joined([self.words.word("notice", str(key)) for key in _listed(one.pop("matches"))])
            said.append(say("it has to fit in: {what}", what=fits))
        return self._joined([*said, *([self.plain(one)] if one else [])], "; ")

    def _say_number(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        say, one = self.words.say, dict(value) if isinstance(value, Mapping) else {}
        said = []
        if "at_least" in one:
            said.append(say("{n} or more are reported", n=one["at_least"]))
        if "at_most" in one:
            said.append(say("{n} or fewer are reported", n=one["at_most"]))
        return self._joined(said, "; ")

    def _say_earlier(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self._other(self.words.say("another report came before it"), value)

    def _say_followed(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        return self._other(self.words.say("another report came after it"), value)

    def _other(self, head: Markup, value: Any) -> Markup:  # noqa: ANN401  # plain values
        say, one = self.words.say, dict(value) if isinstance(value, Mapping) else {}
        said = [head]
        if "act" in one:
            said.append(say("of: {what}", what=self.acts(one["act"]) or ""))
        if "by" in one:
            said.append(say("by: {who}", who=self.actors(one["by"])))
        if "to" in one:
            said.append(say("against: {who}", who=self.actors(one["to"])))
        if "within" in one:
            said.append(say("at most {length} apart", length=self.condition(one["within"])))
        if "near_m" in one:
            said.append(say("at most {n} m apart", n=one["near_m"]))
        return self._joined(said, "; ")

    def _say_consecutive(self, value: Any, _: dict[str, Any]) -> Markup:  # noqa: ANN401  # plain values
        say, one = self.words.say, dict(value) if isinstance(value, Mapping) else {}
        said = [self.words.count("{n} day in a row", "{n} days in a row", int(one.pop("days", 1)))]
        if "that" in one:
            said.append(say("on each of them: {what}", what=self.condition(one.pop("that"))))
        if "in" in one:
            said.append(say("in {zone}", zone=self.zones(one.pop("in")) or ""))
        if "from" in one:
            said.append(say("from {when}", when=self.condition(one.pop("from"))))
        if "coverage" in one:
            said.append(
                say("watched for at least {share} % of each day", share=round(float(one.pop("coverage")) * 100))
            )
        if "reset_by" in one:
            said.append(say("begun anew when {what}", what=self.condition(one.pop("reset_by"))))
        if "horizon" in one:
            said.append(say("looked for during {length}", length=self.condition(one.pop("horizon"))))
        one.pop("calendar", None)
        return self._joined([*said, *([self.plain(one)] if one else [])], "; ")


def is_time(text: str) -> bool:
    """Whether a text of the agreement is a time."""
    return bool(_TIME.fullmatch(text))


def _filled(rows: Iterable[tuple[str, Markup | None]]) -> list[Row]:
    """The rows that say something."""
    return [(str(label), value) for label, value in rows if value]


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  # plain values
    """One or several values as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
