"""Policies: every rule of the file, and that no witness is counted twice."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.foreign.logs import LOG, NOW, OTHER_LOG, WITNESSES, SmallLog
from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record.checkpoint import open_checkpoint
from truceline.record.note import COSIGNATURE, Signer
from truceline.record.policy import Group, Policy, read_policy

SIX = [Signer(f"w.example/{n}", bytes([n]) * 32, COSIGNATURE) for n in range(1, 7)]
X1, X2, X3, Y1, Y2, Y3 = (witness.verifier.vkey for witness in SIX)
L = LOG.verifier.vkey
W = WITNESSES[0].verifier.vkey

EXAMPLE = f"""log {L} https://log.example/

witness X1 {X1}
witness X2 {X2}   https://x2.example/w
\twitness X3 {X3}
group X-witnesses 2 X1 X2 X3
  # the other organisation
witness Y1 {Y1}
witness Y2 {Y2}
witness Y3 {Y3}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()


def test_example_of_the_specification() -> None:
    """Two of one organisation and one of the other, for all 64 sets of witnesses."""
    policy = read_policy(EXAMPLE)
    names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    for count in range(7):
        for seen in itertools.combinations(names, count):
            of_x, of_y = (len([name for name in seen if name[0] == side]) for side in "XY")
            assert policy.is_met(seen) == (of_x >= 2 and of_y >= 1)
    assert policy.logs == ((LOG.verifier, "https://log.example/"),)
    assert policy.witnesses["X2"] == (SIX[1].verifier, "https://x2.example/w")


def test_parse_of_print_is_the_same() -> None:
    """A policy that the program writes is the policy it holds."""
    for data in (EXAMPLE, b"quorum none\n", f"witness W\xc3\xa9\xff {W}\nquorum W\xc3\xa9\xff\n".encode("latin-1")):
        policy = read_policy(data)
        assert read_policy(policy.data) == policy
    assert read_policy(EXAMPLE).groups["X-and-Y"] == Group(2, ("X-witnesses", "Y-witnesses"))


def test_names_are_octets() -> None:
    """A Kelvin sign is no K, and nothing is folded, normalised or guessed."""
    policy = read_policy(f"witness \u212a {W}\nquorum \u212a\n".encode())
    assert not policy.is_met(["K"])
    assert policy.is_met(["\u212a"])
    with pytest.raises(InputError):
        read_policy(f"witness \u212a {W}\nquorum K\n".encode())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "newline at the end"),
        ("\n", "expected one quorum line, got none"),
        ("quorum none", "newline at the end"),
        ("quorum none\nquorum none\n", "p:2: expected one quorum line, got a second"),
        ("quorum nobody\n", "p:1: quorum `nobody` is not defined"),
        (f"quorum a\nwitness a {W}\n", "p:1: quorum `a` is not defined on a line before"),
        ("quorum\n", "expected 2 to 2 words, got 1"),
        ("quorum none none\n", "expected 2 to 2 words, got 3"),
        ("Quorum none\n", "expected log, witness, group or quorum, got `Quorum`"),
        ("quorum none\r\n", "control character 0x0d"),
        ("quorum\x0bnone\n", "control character 0x0b"),
        ("# \x7f\nquorum none\n", "control character 0x7f"),
        ("\0quorum none\n", "control character 0x00"),
        ("quorum\u00a0none\n", "expected log, witness, group or quorum"),
        ("log\nquorum none\n", "expected 2 to 3 words, got 1"),
        (f"log {L} u r\nquorum none\n", "expected 2 to 3 words, got 4"),
        (f"log {L[:-1]}A\nquorum none\n", "p:1: "),
        (f"log {W}\nquorum none\n", "expected kind 1, got 4"),
        (f"witness a {L}\nquorum none\n", "expected kind 4, got 1"),
        (f"witness {W}\nquorum none\n", "witness: expected 3 to 4 words, got 2"),
        (f"witness none {W}\nquorum none\n", "name `none` is defined already"),
        (f"witness a {W}\nwitness a {X1}\nquorum a\n", "p:2: name `a` is defined already"),
        (f"witness a {W}\nwitness b {W}\nquorum a\n", "p:2: one key twice"),
        (f"log {L}\nlog {L}\nquorum none\n", "p:2: one key twice"),
        (f"witness a {W}\ngroup g 1\nquorum a\n", "expected 4 to"),
        (f"witness a {W}\ngroup g 0 a\nquorum a\n", "expected all, any or a number, got `0`"),
        (f"witness a {W}\ngroup g 01 a\nquorum a\n", "expected all, any or a number, got `01`"),
        (f"witness a {W}\ngroup g most a\nquorum a\n", "expected all, any or a number, got `most`"),
        (f"witness a {W}\ngroup g -1 a\nquorum a\n", "expected all, any or a number, got `-1`"),
        (f"witness a {W}\ngroup g 2 a\nquorum a\n", "threshold of 1 to 1 members, got 2"),
        (f"witness a {W}\ngroup g 1 b\nquorum a\n", "member `b` is not defined on a line before"),
        (f"witness a {W}\ngroup g 1 g\nquorum a\n", "member `g` is not defined on a line before"),
        (f"witness a {W}\ngroup g 1 none\nquorum a\n", "member `none` is not defined"),
        (f"witness a {W}\ngroup g 1 a a\nquorum a\n", "member `a` is a member already"),
        (f"witness a {W}\ngroup g 1 a\ngroup h 1 a\nquorum h\n", "p:3: member `a` is a member already"),
        (f"witness a {W}\ngroup a 1 a\nquorum a\n", "name `a` is defined already"),
        ("# \n" * 5_000 + "quorum none\n", "at most 1048576 bytes and 4096 lines"),
        ("#" * 1_100_000 + "\nquorum none\n", "at most 1048576 bytes"),
    ],
)
def test_every_rule_has_its_fault(text: str, fault: str) -> None:
    """A policy decides whom to believe: nothing in it is guessed, and the line at fault is named."""
    with pytest.raises(InputError) as caught:
        read_policy(text.encode(), "p")
    assert fault in str(caught.value)


def test_all_faults_at_once() -> None:
    """Whoever writes a policy sees every fault of it."""
    with pytest.raises(InputError) as caught:
        read_policy(b"log x\nwitness a y\ngroup g 3 a\nquorum h\n", "p")
    assert [fault.line for fault in caught.value.faults] == [1, 2, 3, 4]


def test_one_key_as_log_and_witness_is_refused() -> None:
    """A log that witnesses itself is one voice, in a file and in a policy made by hand."""
    itself = Signer("honest.example", LOG.secret, COSIGNATURE).verifier
    with pytest.raises(InputError, match=r"one key twice: `log\.example/ceasefire`, `honest\.example`"):
        read_policy(f"log {L}\nwitness h {itself.vkey}\nquorum h\n".encode())
    with pytest.raises(VerificationError, match="one key under two names"):
        Policy(((LOG.verifier, ""),), {"h": (itself, "")}, {}, "h")


def test_one_witness_under_two_names_is_refused() -> None:
    """A quorum must not be counted twice through one key."""
    again = Signer("second.example", WITNESSES[0].secret, COSIGNATURE).verifier
    with pytest.raises(InputError, match="one key twice"):
        read_policy(f"witness a {W}\nwitness b {again.vkey}\ngroup g 2 a b\nquorum g\n".encode())
    with pytest.raises(VerificationError, match="one key under two names"):
        Policy((), {"a": (WITNESSES[0].verifier, ""), "b": (again, "")}, {"g": Group(2, ("a", "b"))}, "g")


@pytest.mark.parametrize(
    "group", [Group(2, ("a", "a")), Group(0, ("a",)), Group(3, ("a", "b")), Group(1, ()), Group(1, ("none",))]
)
def test_a_policy_made_by_hand_keeps_the_rules(group: Group) -> None:
    """The rules are the policy's, not the reader's."""
    witnesses = {"a": (WITNESSES[0].verifier, ""), "b": (WITNESSES[1].verifier, "")}
    with pytest.raises(InputError):
        Policy((), witnesses, {"g": group}, "g")
    with pytest.raises(InputError):
        Policy((), witnesses, {}, "g")
    with pytest.raises(InputError, match="URL without blanks"):
        Policy(((LOG.verifier, "two words"),))
    with pytest.raises(InputError, match="name without blanks"):
        Policy((), {"a b": witnesses["a"]})


def _two_of_three(*, quorum: str = "g") -> Policy:
    witnesses = {name: (witness.verifier, "") for name, witness in zip("abc", WITNESSES, strict=True)}
    return Policy(((LOG.verifier, ""),), witnesses, {"g": Group(2, ("a", "b", "c"))}, quorum)


def test_a_quorum_that_is_met_names_who_is_missing() -> None:
    """A missing party is a finding, never a veto."""
    note = SmallLog(5).note(witnesses=WITNESSES[:2])
    met = _two_of_three().check(note, now=NOW)
    assert met.times == {"a": NOW, "b": NOW}
    assert met.missing == ("c",)
    assert met.opened.checkpoint == SmallLog(5).checkpoint
    assert _two_of_three().check(open_checkpoint(note, LOG.verifier)) == met


def test_a_quorum_that_is_not_met_is_refused() -> None:
    """One of three is not two, and a stranger's cosignature is nobody's."""
    stranger = Signer("witness.example/a", b"?" * 32, COSIGNATURE)
    for witnesses in ([], WITNESSES[:1], [WITNESSES[0], stranger]):
        note = SmallLog(5).note(witnesses=witnesses)
        with pytest.raises(VerificationError, match="quorum `g` is not met"):
            _two_of_three().check(note)
        assert _two_of_three(quorum="none").check(note).opened.checkpoint.size == 5


def test_the_log_must_be_in_the_policy() -> None:
    """A quorum of witnesses over another key's checkpoint is no quorum over ours."""
    note = SmallLog(5).note(log=OTHER_LOG, witnesses=WITNESSES)
    with pytest.raises(VerificationError, match="has not signed"):
        _two_of_three().check(note)
    with pytest.raises(VerificationError):
        _two_of_three().check(open_checkpoint(note, OTHER_LOG.verifier))


def test_a_cosignature_from_the_future_is_refused() -> None:
    """A witness's time is an upper bound only when its clock does not run ahead."""
    note = SmallLog(5).note(witnesses=WITNESSES, at=NOW + 86_400)
    with pytest.raises(VerificationError, match="`a` lies 86400 s ahead: at most 300 s"):
        _two_of_three().check(note, now=NOW)
    for now, ahead_s in ((NOW + 86_400, 300), (NOW + 86_100, 300), (NOW, 86_400)):
        assert _two_of_three().check(note, now=now, ahead_s=ahead_s).missing == ()
    with pytest.raises(VerificationError, match="301 s ahead"):
        _two_of_three().check(note, now=NOW + 86_099)


@given(st.data())
def test_any_lines_are_a_policy_or_refused(data: st.DataObject) -> None:
    """Nothing but our own errors comes out, and what is read is written and read the same."""
    words = [
        "log",
        "witness",
        "group",
        "quorum",
        "none",
        "a",
        "b",
        "g",
        "1",
        "2",
        "any",
        "all",
        L,
        W,
        X1,
        "#",
        "\t",
        "é",
    ]
    line = st.lists(st.sampled_from(words), max_size=5).map(" ".join)
    text = "\n".join(data.draw(st.lists(line, max_size=8))) + "\n"
    try:
        policy = read_policy(text.encode())
    except TrucelineError:
        return
    assert read_policy(policy.data) == policy


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_refused(data: bytes) -> None:
    """The same for bytes of any sort."""
    try:
        read_policy(data + b"\n")
    except TrucelineError:
        return
