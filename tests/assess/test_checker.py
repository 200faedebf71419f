"""The independent checker: it accepts every tree, refuses every mutated one, and shares nothing with the engine."""

from __future__ import annotations

import ast
import copy
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.assess.worlds import SHIPPED, TEXT, Maker, law_of
from tests.case_files import FOLDER, all_cases
from truceline.agreement.model import SignedAct
from truceline.assess import checker, why
from truceline.assess.proof import Text, document, sealed, text_of, with_worlds
from truceline.assess.why import why_all
from truceline.assess.worlds_shown import worlds_of
from truceline.canon import sha256

FILE = Path(checker.__file__)
TEXTS = {"awkward": text_of(TEXT, "awkward"), "shipped": text_of((SHIPPED / "agreement.yaml").read_bytes(), "shipped")}
SIZE = 250


def made(name: str, seed: int, reports: int = 6) -> Iterator[dict[str, Any]]:
    """Documents of random reports under random acts, `any` and the two worlds of what is open among them."""
    maker = Maker(name, seed)
    law = law_of(name, maker.signed(reports), *(("strict", "name") if seed % 3 == 2 else ("side", "identity")))
    for i in range(reports):
        report = maker.report(i)
        bans = [t.id for t in law.terms.values() if t.kind != "require"]
        terms = [*maker.rng.sample(bans, min(3, len(bans))), "any"]
        tree = why_all(report, terms, law)
        shown = {t: w for t in terms[:1] if (w := worlds_of(report, t, law)) is not None}
        yield with_worlds(document(report, tree, law, TEXTS[name]), report, tree, law, shown)


def test_the_checker_is_small_and_alone() -> None:
    """At most 250 lines, and nothing of truceline: one person can read it, and the engine cannot bend it."""
    source = FILE.read_text()
    assert len(source.splitlines()) <= SIZE
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        )
    }  # fmt: skip
    assert names <= {*sys.stdlib_module_names, "shapely", "rfc8785"}


@pytest.mark.parametrize("name", ["awkward", "shipped"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
def test_every_tree_of_random_reports_holds(name: str, seed: int) -> None:
    """What the engine says, the checker works out by itself, with all notices, answers and lasting acts."""
    for proof in made(name, seed):
        checker.check(json.loads(json.dumps(proof)))


def test_the_tree_of_a_case_holds_on_the_command_line(tmp_path: Path) -> None:
    """It runs as a file of its own, and names the hashes that a reader compares."""
    proof = next(made("awkward", 1))
    file = tmp_path / "tree.json"
    file.write_text(json.dumps({"proof": proof, "law": "any sentence"}))
    run = [sys.executable, "-I", str(FILE), str(file)]
    done = subprocess.run([*run, proof["versions"]["agreement"]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    other = subprocess.run([*run, "0" * 64], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert "versions: none is" in other.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\xfe{", b"[]", b"null", b"[" * 100_000, b'{"proof": []}', None])
def test_what_is_no_tree_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    """Whoever checks a tree is no programmer: whatever the file is, the answer is a sentence and no traceback."""
    file = tmp_path / "tree.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SystemExit, match=r"^does not hold: .+") as stopped:
        checker.main([str(file)])
    assert len(str(stopped.value).splitlines()) == 1


def test_a_tree_tells_nothing_of_other_flights_and_reports() -> None:
    """Who is shown why one report was judged so learns of no notice, allegation or finding about another."""
    maker = Maker("awkward", 1)
    report = maker.report(0)
    of_all: list[dict[str, Any]] = [
        {"act": "notice", "of": "F9", "area": "admin:X", "callsign": "SECRET-1"},
        {"act": "allege", "of": "SECRET-2"}, {"act": "reply", "of": "SECRET-2"}, {"act": "reply", "of": report.id},
    ]  # fmt: skip
    acts = [
        SignedAct(f"SECRET-{i}" if one["of"] != report.id else "mine", by=("us",), at=0, known_at=0, **one)
        for i, one in enumerate(of_all)
    ]
    law = law_of("awkward", [*maker.signed(2), *acts], "side", "identity")
    proof = document(report, why_all(report, ("any",), law), law, TEXTS["awkward"])
    assert [one["id"] for one in proof["inputs"]["acts"] if one["act"] == "reply"] == ["mine"]
    assert "SECRET" not in json.dumps(proof)


# -- mutants -----------------------------------------------------------------------------------------------------------


@cache
def originals() -> tuple[str, ...]:
    """Documents to be mutated, as JSON."""
    found = [proof for name in ("awkward", "shipped") for seed in (0, 4) for proof in made(name, seed, 3)]
    return tuple(json.dumps(proof) for proof in found)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401  # any JSON
    """Every place in a document."""
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def mutate(proof: dict[str, Any], path: tuple[Any, ...], rng: random.Random) -> None:
    """Change the one value at a place: another number or word, a child dropped, doubled, or put elsewhere."""
    parent: Any = proof
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    value = parent[key]
    if isinstance(value, bool):
        parent[key] = not value
    elif isinstance(value, int | float):
        parent[key] = value + rng.choice([-1, 1, 2, 3600])
    elif value is None:
        parent[key] = rng.choice([0, "x", []])
    elif isinstance(parent, list) and rng.random() < 0.5:
        parent.append(copy.deepcopy(value)) if rng.random() < 0.5 else parent.pop(key)
    elif isinstance(parent, dict) and rng.random() < 0.3:
        parent[f"{key}x"] = parent.pop(key)
    elif isinstance(value, str):
        parent[key] = rng.choice([value + "x", value[1:] if value else "y", "all", "any"])
        if parent[key] == value:
            parent[key] = value + "z"
    elif isinstance(value, list):
        parent[key] = [*value, "x"] if not value or rng.random() < 0.5 else value[:-1]
    else:
        parent[key] = {**value, "x": 1} if not value or rng.random() < 0.5 else dict(list(value.items())[1:])


def refused(proof: dict[str, Any]) -> bool:
    """Whether the checker refuses a document."""
    try:
        checker.check(proof)
    except checker.Refused:
        return True
    return False


def mutants(count: int, seed: int) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Mutated documents: half of them anywhere at all, half in the trees themselves."""
    rng = random.Random(seed)
    sources = [json.loads(text) for text in originals()]
    known = [list(places(source))[1:] for source in sources]
    trees = [[p for p in found if p[0] in ("table", "trees", "worlds") and len(p) > 1] for found in known]
    for i in range(count):
        which = rng.randrange(len(sources))
        path = rng.choice((known if i % 2 else trees)[which])
        proof = copy.deepcopy(sources[which])
        mutate(proof, path, rng)
        if proof != sources[which]:
            yield path, proof


@pytest.mark.parametrize(
    ("is_sealed", "count"),
    [
        (False, 60),
        (True, 40),
        pytest.param(False, 1_010, marks=pytest.mark.long),
        pytest.param(True, 1_010, marks=pytest.mark.long),
    ],
    ids=["as mutated", "with the seal made anew", "a thousand as mutated", "a thousand with the seal made anew"],
)
def test_a_thousand_mutants_are_refused(is_sealed: bool, count: int) -> None:
    """One value changed anywhere, and the file is refused, even when whoever changed it makes its seal anew."""
    tried = 0
    for path, proof in mutants(count, 5):
        tried += 1
        if is_sealed:
            remade = sealed({k: v for k, v in proof.items() if k != "seal"})
            proof.clear()
            proof.update(remade)
        if is_sealed and path == ("seal",):
            continue
        assert refused(proof), path
    assert tried >= count - 10


@pytest.mark.long
@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_mutated_trees_are_refused_by_replay_alone(count: int) -> None:
    """In the trees themselves nothing rests on a hash: with every hash made anew each mutant is refused."""
    for path, proof in mutants(count, 9):
        if path[0] in ("table", "trees"):
            versions = {
                **{k: checker._sha(v) for k, v in proof["inputs"].items()},
                "worlds": checker._sha(proof["worlds"]),
                "trees": checker._sha(proof["trees"]),
            }
            assert refused(sealed({**proof, "versions": versions})), path


def test_a_false_input_is_refused_with_every_hash_made_anew() -> None:
    """A fact, a term or a report that says otherwise no longer bears the tree that was built on it."""
    proof = json.loads(originals()[0])
    root = next(iter(proof["trees"].values()))
    for change in ("start", "end"):
        other = copy.deepcopy(proof)
        other["inputs"]["report"][change] += 86_400 * 400 * (1 if change == "end" else -1)
        other["versions"]["report"] = checker._sha(other["inputs"]["report"])
        assert refused(sealed(other)), root


def test_a_given_place_on_the_wrong_side_is_refused() -> None:
    """A drawn zone or a unit that the file holds is looked at: nobody writes *inside* over a place outside of it."""
    seen = 0
    for text in originals():
        proof = json.loads(text)
        region = proof["inputs"]["report"]["impact"]
        for q in [q for q in proof["inputs"]["given"] if q.startswith('["lies"')]:
            value = proof["inputs"]["given"][q][0]
            replay = checker.Replay({**proof["inputs"], "given": {**proof["inputs"]["given"], q: [-value or 1, []]}})
            zones = json.loads(q)[1]
            is_drawn = (
                region["kind"] == "disc"
                and not region["country"]
                and set(zones) <= set(proof["inputs"]["places"]["shapes"])
            )
            if is_drawn and value:
                seen += 1
                with pytest.raises(checker.Refused, match="other side"):
                    replay._ask(q)
    assert seen


@cache
def texts() -> dict[str, Text]:
    """The texts that the cases are judged by, by the hash of their bytes."""
    found = [path.read_bytes() for path in SHIPPED.parent.glob("*/agreement.yaml")]
    for path in FOLDER.rglob("*.yaml"):
        own = yaml.safe_load(path.read_text()).get("agreements") or {}
        found += [text.encode() for text in own.values()]
    return {sha256(data): text_of(data, "text.yaml") for data in found}


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 8))])
def test_the_tree_of_every_case_holds(part: int) -> None:
    """The cases a lawyer reads: the checker works out each verdict, and `any`, by itself."""
    for case in all_cases()[part::8]:
        if case.report is not None:
            tree = why_all(case.report, [*case.expect, why.ANY], case.law)
            checker.check(document(case.report, tree, case.law, texts()[case.agreement.text_hash]))
