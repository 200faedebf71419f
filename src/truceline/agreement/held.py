"""Which text does each party hold, and has it said so? The versions of a text, and what the record shows of each.

Closed-world: who is not recorded as holding a text holds none, also when it read of it in the press. That a text can
be read by everybody is another fact than that a party holds it, and both are another than that it acknowledged it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from truceline.agreement.model import Agreement, Fact, SignedAct

MEANING: Mapping[str, str] = {
    "acknowledged": "by a signed act, or by signing the text itself",
    "holds": "it was handed over, or a fact of the text says so; not acknowledged",
    "can read": "it was published or lies open in the record; nothing shows that the party took it as its text",
    "none": "nothing is recorded, whatever it may have learned elsewhere",
}
STATES = tuple(MEANING)


@dataclass(frozen=True)
class Version:
    """A text that can be held.

    Attributes:
        key: id of an instrument, or the hash of a text by its values, or of a wording by its bytes.
        what: `instrument`, `agreement`, `amendment`, `wording`, or `unknown`: named, but in no record.
        title: of an instrument; name of the file of a text.
        lang: of a wording; empty otherwise.
        of: hash of the text that a wording belongs to, or that an amendment replaces.
        open_from: UTC second from which everybody can read it; None = it is not published.
        signers: who signed the text itself, from `open_from` on.
        also: other hashes by which it can be named, such as that of its bytes.
    """

    key: str
    what: str
    title: str = ""
    lang: str = ""
    of: str = ""
    open_from: int | None = None
    signers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def is_named(self, name: str) -> bool:
        """Whether a name means this version; a hash may be shortened to 12 digits or more."""
        if self.what in ("instrument", "unknown"):
            return name == self.key
        return any(name == key or (len(name) >= 12 and key.startswith(name)) for key in (self.key, *self.also))


@dataclass(frozen=True)
class Held:
    """What the record shows of one party and one version.

    Attributes:
        state: one of `STATES`.
        since: UTC second from which it is so; None for `none`.
        shown_by: ids of the acts, or sources of the facts, that show it.
    """

    party: str
    version: Version
    state: str
    since: int | None
    shown_by: tuple[str, ...]


def held(
    agreement: Agreement, acts: Sequence[SignedAct], recorded: Iterable[Version], at: int
) -> tuple[tuple[Version, ...], tuple[Held, ...]]:
    """What each party holds of each version at a moment.

    Args:
        agreement: its instruments are versions too, its `holds` facts count.
        acts: the signed acts, as known.
        recorded: the texts of the record, in their order.
        at: UTC second.

    Returns:
        The versions: instruments, then texts of the record, then those that acts name and nobody recorded; and for
        each version a row for each party.
    """
    made = [act for act in acts if act.at <= at and act.act in ("acknowledge", "publish")]
    facts = [fact for fact in agreement.facts if fact.what == "holds" and fact.start <= at < fact.end]
    known = versions_of(agreement, recorded, made, facts)
    parties = parties_of(agreement, acts, known, made, facts)
    return known, tuple(_row(party, version, made, facts, at) for version in known for party in parties)


def versions_of(
    agreement: Agreement, recorded: Iterable[Version], acts: Iterable[SignedAct], facts: Iterable[Fact]
) -> tuple[Version, ...]:
    """Every version that is known, or only named: an acknowledged text that nobody recorded is shown as such."""
    known = [
        Version(one.id, "instrument", one.title, open_from=one.published) for one in agreement.instruments.values()
    ]
    known += recorded
    for name in (*(act.of for act in acts), *(fact.value for fact in facts)):
        if name and not any(version.is_named(name) for version in known):
            known.append(Version(name, "unknown"))
    return tuple(known)


def parties_of(
    agreement: Agreement,
    acts: Iterable[SignedAct],
    versions: Iterable[Version],
    made: Iterable[SignedAct],
    facts: Iterable[Fact],
) -> tuple[str, ...]:
    """Who is asked for: guarantors, whoever accepted for itself, and whoever the record shows with a text."""
    found = set(agreement.guarantors)
    found |= {fact.of for fact in agreement.facts if fact.what == "accepted" and fact.by in ("", fact.of)}
    found |= {signer for act in acts if act.act == "accept" for signer in act.by}
    found |= {signer for act in made for signer in (*act.by, act.to)} | {fact.of for fact in facts}
    found |= {signer for version in versions for signer in version.signers}
    return tuple(actor for actor in agreement.parties if actor in found)


def differing(rows: Iterable[Held]) -> dict[str, tuple[str, ...]]:
    """The versions of the text, of several that parties acknowledged, and by whom; empty where all have the same.

    Instruments and wordings are left out: they are parts of one text, and held beside one another.
    """
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.state == "acknowledged" and row.version.what in ("agreement", "amendment", "unknown"):
            found[row.version.key] = (*found.get(row.version.key, ()), row.party)
    return found if len(set(found.values())) > 1 else {}


def _row(party: str, version: Version, acts: Iterable[SignedAct], facts: Iterable[Fact], at: int) -> Held:
    """The strongest that is shown, from when on, and by what."""
    named = [act for act in acts if version.is_named(act.of)]
    opened = version.open_from if version.open_from is not None and version.open_from <= at else None
    signed = [("signature", opened)] if opened is not None and party in version.signers else []
    shown: dict[str, list[tuple[str, int | None]]] = {
        "acknowledged": [*signed, *((act.id, act.at) for act in named if act.act == "acknowledge" and party in act.by)],
        "holds": [
            *((f.source or "text", f.start) for f in facts if f.of == party and version.is_named(f.value)),
            *((act.id, act.at) for act in named if act.act == "publish" and party in (*act.by, act.to)),
        ],
        "can read": [
            *([("record" if version.what != "instrument" else "publication", opened)] if opened is not None else []),
            *((act.id, act.at) for act in named if act.act == "publish" and not act.to),
        ],
    }
    for state, proofs in shown.items():
        if proofs:
            since = min(second for _, second in proofs if second is not None)
            return Held(party, version, state, since, tuple(dict.fromkeys(name for name, _ in proofs)))
    return Held(party, version, "none", None, ())
