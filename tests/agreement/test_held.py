"""Which text each party holds: handed over, acknowledged, readable by all, or nothing that is recorded."""

from __future__ import annotations

import pytest

from truceline.agreement.held import MEANING, STATES, Held, Version, differing, held
from truceline.agreement.model import SignedAct
from truceline.agreement.text import load
from truceline.span import parse_instant

TEXT = """truceline: 1
id: bundle
tz: UTC
actors:
  a: {kind: guarantor}
  b: {kind: guarantor}
  gov: {kind: state}
  opp: {kind: side}
  list: {kind: list}
instruments:
  joint: {title: Joint statement, published: 2016-02-22}
  letter: {title: Letter}
  secret: {title: Addendum}
facts:
  - {holds: [a, b], of: secret, from: 2016-09-09, source: joint}
  - {accepted: [gov, opp], from: 2016-02-26}
"""
FIRST, SECOND, WORDING = "a1" * 32, "b2" * 32, "c3" * 32
RECORDED = (
    Version(FIRST, "agreement", "text.yaml", open_from=100, also=("f0" * 32,)),
    Version(SECOND, "amendment", "text.yaml", of=FIRST, open_from=200, signers=("a", "b", "gov")),
    Version(WORDING, "wording", "text-ar.txt", "ar", of=SECOND, open_from=300),
)
LATER = parse_instant("2016-10-01", "UTC")


def act(kind: str, by: str | tuple[str, ...], of: str, at: int = 400, to: str = "") -> SignedAct:
    """A signed act about a text."""
    return SignedAct(f"{kind}-{at}", kind, (by,) if isinstance(by, str) else by, at, at, of=of, to=to)


def rows(*acts: SignedAct, recorded: tuple[Version, ...] = (), at: int = LATER) -> dict[tuple[str, str], Held]:
    """Party and version to what is shown."""
    agreement = load(TEXT.encode(), "bundle.yaml")
    return {(row.party, row.version.key): row for row in held(agreement, acts, recorded, at)[1]}


def states(*acts: SignedAct, of: str, recorded: tuple[Version, ...] = (), at: int = LATER) -> dict[str, str]:
    """Party to the state of one version."""
    return {p: row.state for (p, key), row in rows(*acts, recorded=recorded, at=at).items() if key == of}


def test_who_is_not_recorded_as_holding_a_text_holds_none() -> None:
    """The opposition read of the addendum in the press: that is no text in its hands."""
    assert states(of="secret") == {"a": "holds", "b": "holds", "gov": "none", "opp": "none"}
    assert states(of="secret", at=parse_instant("2016-09-08", "UTC"))["a"] == "none"


def test_a_published_text_can_be_read_and_is_not_yet_held() -> None:
    """From its publication on everybody can read it; who takes it as its text says so by a signed act."""
    assert set(states(of="joint").values()) == {"can read"}
    assert set(states(of="joint", at=parse_instant("2016-02-21", "UTC")).values()) == {"none"}
    assert states(act("acknowledge", "gov", "joint"), of="joint")["gov"] == "acknowledged"
    assert states(act("acknowledge", "gov", "joint"), of="joint")["opp"] == "can read"


def test_a_letter_to_one_party_is_held_by_its_writer_and_that_party() -> None:
    """A text handed to one is not published to the others; a text given to nobody by name is."""
    given = act("publish", "a", "letter", to="opp")
    assert states(given, of="letter") == {"a": "holds", "b": "none", "gov": "none", "opp": "holds"}
    opened = act("publish", "a", "letter")
    assert states(opened, of="letter") == {"a": "holds", "b": "can read", "gov": "can read", "opp": "can read"}


def test_nothing_counts_before_its_second() -> None:
    """An acknowledgement shows from its signature on."""
    late = act("acknowledge", "gov", "letter", at=LATER)
    assert states(late, of="letter")["gov"] == "acknowledged"
    assert states(late, of="letter", at=LATER - 1)["gov"] == "none"


def test_who_signed_a_text_has_acknowledged_it() -> None:
    """The signers of an amendment hold it; the others can read it in the record."""
    found = states(of=SECOND, recorded=RECORDED)
    assert found == {"a": "acknowledged", "b": "acknowledged", "gov": "acknowledged", "opp": "can read"}
    assert rows(recorded=RECORDED)["a", SECOND].since == 200
    assert rows(recorded=RECORDED)["a", SECOND].shown_by == ("signature",)


@pytest.mark.parametrize("name", [FIRST, FIRST[:12], "f0" * 32])
def test_a_text_is_named_by_its_values_its_bytes_or_their_first_digits(name: str) -> None:
    """Whoever acknowledges gives a hash: of the values, of the bytes, or its first twelve digits."""
    assert states(act("acknowledge", "opp", name), of=FIRST, recorded=RECORDED)["opp"] == "acknowledged"


@pytest.mark.parametrize("name", ["d4" * 32, FIRST[:11], "joint-2"])
def test_an_acknowledged_text_that_nobody_recorded_is_shown_as_such(name: str) -> None:
    """A party may have acknowledged another text than all others: it is not taken for a known one."""
    found = rows(act("acknowledge", "opp", name), recorded=RECORDED)
    assert found["opp", name].version.what == "unknown"
    assert found["opp", name].state == "acknowledged"
    assert found["gov", name].state == "none"
    assert found["opp", FIRST].state == "can read"


def test_different_acknowledged_texts_are_named_with_their_parties() -> None:
    """Two parties with two texts: both are named; all with the same: nothing is."""
    acts = [act("acknowledge", ("a", "b", "gov", "opp"), FIRST)]
    assert differing(rows(*acts, recorded=RECORDED[:1]).values()) == {}
    apart = differing(rows(*acts, recorded=RECORDED).values())
    assert apart == {FIRST: ("a", "b", "gov", "opp"), SECOND: ("a", "b", "gov")}
    acts.append(act("acknowledge", "opp", SECOND))
    assert differing(rows(*acts, recorded=RECORDED).values()) == {}


def test_a_wording_or_an_instrument_is_no_different_text() -> None:
    """Who acknowledged the Arabic words or one instrument holds the same agreement."""
    acts = [act("acknowledge", "opp", WORDING), act("acknowledge", "gov", "joint")]
    assert differing(rows(*acts, recorded=RECORDED[::2]).values()) == {}


def test_the_strongest_is_shown_with_all_that_shows_it() -> None:
    """An acknowledgement outweighs a handing over, and its earliest second counts."""
    twice = [act("acknowledge", "a", "secret", at=LATER), act("acknowledge", "a", "secret", at=LATER - 10)]
    row = rows(*twice)["a", "secret"]
    assert (row.state, row.since) == ("acknowledged", LATER - 10)
    assert set(row.shown_by) == {twice[0].id, twice[1].id}


def test_every_state_is_explained() -> None:
    """A table whose words are not explained is misread."""
    assert tuple(MEANING) == STATES


def test_lists_and_silent_actors_are_not_asked() -> None:
    """A list holds no text; whoever neither accepted nor appears is left out."""
    assert "list" not in states(of="joint")
