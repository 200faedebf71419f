"""How likely is it that two reports tell of one incident? Levels of likeness, weighed by a model that is shipped.

The model is that of Fellegi and Sunter: each comparison has levels, each level a share among pairs of one incident (m)
and a share among pairs of two (u); the weights log2(m/u) and that of the prior add up. The numbers lie in
`likeness.json`, in the format of `splink`, which can open it; `bench/duplicates.py fit` makes it. Nothing is learned
while a case is read, so the same rows have the same probability everywhere.

Who is accused counts for little: reports of one strike name different culprits. What a text says of place, target and
act counts for much. Nothing here knows a name.

Source: I. P. Fellegi, A. B. Sunter, A Theory for Record Linkage, 1969.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from truceline.acts import ActTree
from truceline.errors import InputError, quoted
from truceline.evidence.aliases import key
from truceline.group import SETTLEMENT, Group
from truceline.verdict import NO

COMPARISONS: Mapping[str, tuple[str, ...]] = {
    "time": ("next", "meets", "within", "same"),
    "place": ("near", "country", "holds", "touches", "named-often", "named"),
    "kind": ("differs", "word-and-deed", "same"),
    "act": ("differs", "word-and-deed", "words", "unsaid", "kin", "same", "counts"),
    "actor": ("differs", "side", "unsaid", "same", "speaker-differs", "speaker-unsaid", "speaker-same", "counts"),
    "target": ("differs", "unsaid", "partly", "alike"),
    "weapon": ("differs", "unsaid", "kin", "same"),
    "count": ("differs", "unsaid", "near", "equal"),
    "killed": ("differs", "unsaid", "near", "equal"),
    "issuer": ("differs", "unsaid", "same", "one-page"),
}
"""Each comparison and the names of its levels; a level is stored as its index."""

WORD, COUNT = "statement", "count"
"""Acts of the common tree that are words, and counts over a period."""

ALIKE_NAMES = 88
ALIKE_TARGETS = 75
"""Scores of `rapidfuzz` (0..100) from which two names of places, two descriptions of targets, are taken as alike."""

UNSAID, DIFFERS = "unsaid", "differs"
"""Levels of every comparison that has them: one of the two is silent, which weighs nothing; they say otherwise."""

DECIMALS = 4
_REMARK = re.compile(r"\([^)]*\)")
_WORDS = re.compile(r"[^\W\d_]+")

Levels = NDArray[np.int8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """Actor or target of a report for comparison: ids of the agreement, how they belong together, words."""

    ids: tuple[str, ...] = ()
    mode: str = ""
    text: str = ""


@dataclass(frozen=True)
class Model:
    """The shares of a model.

    Attributes:
        prior: share of pairs of one incident among all pairs that are asked about.
        m: comparison to the share of each level among pairs of one incident; 1 for silence, in both.
        u: the same among pairs of two incidents.
    """

    prior: float
    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]

    def weights(self, name: str) -> Floats:
        """Weight of each level of a comparison in bits; above 0 speaks for one incident."""
        return np.asarray(np.log2(np.array(self.m[name]) / np.array(self.u[name])), dtype=np.float64)

    def bits(self, levels: Mapping[str, Levels]) -> Floats:
        """Weight of each pair `(n,)` in bits, the prior's included; 0 = as likely one incident as two.

        Args:
            levels: for each comparison an array `(n,)` of indices of its levels.
        """
        bits = np.full(len(next(iter(levels.values()))), logit(self.prior))
        for name in COMPARISONS:  # in this order always: a sum of floats depends on it
            bits = bits + self.weights(name)[levels[name]]
        return bits


def logit(share: float) -> float:
    """A probability as odds in bits."""
    return math.log2(share / (1 - share))


@dataclass(frozen=True)
class Because:
    """One comparison of a pair: its level, and the weight in bits that it adds."""

    comparison: str
    level: str
    bits: float


def because(model: Model, told: Mapping[str, str]) -> list[Because]:
    """What speaks for and against one incident, the prior first; the bits add up to those of the probability."""
    found = [Because("prior", "any pair that meets", round(logit(model.prior), 2))]
    for name, names in COMPARISONS.items():
        bits = float(model.weights(name)[names.index(told[name])])
        found.append(Because(name, told[name], round(bits, 2)))
    return found


@cache
def shipped_models() -> Mapping[str, Model]:
    """The models that ship with the program: `reports`, and `coded` where one of two rows is of a coded data set."""
    parts = msgspec.json.decode(shipped_settings())
    return {name: model_of(settings) for name, settings in sorted(parts.items())}


def shipped_settings() -> bytes:
    """The file of the models that ship with the program, as it is."""
    return resources.files("truceline.evidence").joinpath("likeness.json").read_bytes()


def model_of(settings: Mapping[str, Any]) -> Model:
    """A model from settings as `splink` writes them.

    Raises:
        InputError: a comparison or a level is missing, or a share is not between 0 and 1.
    """
    m, u = {}, {}
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        shares = {one["label_for_charts"]: one for one in comparison["comparison_levels"]}
        if name not in COMPARISONS or set(shares) != set(COMPARISONS[name]):
            raise InputError(f"a model of other comparisons: expected {', '.join(COMPARISONS)}, got {quoted(name)}")
        m[name], u[name] = (
            tuple(float(shares[level].get(f"{which}_probability", 1.0)) for level in COMPARISONS[name])
            for which in "mu"
        )
        said = [at for at, level in enumerate(COMPARISONS[name]) if level != UNSAID]
        if not all(0 < share[at] < 1 for share in (m[name], u[name]) for at in said):
            raise InputError(f"a share of {quoted(name)} is not between 0 and 1")
    if set(m) != set(COMPARISONS):
        raise InputError(f"a model of other comparisons: expected {', '.join(COMPARISONS)}")
    return Model(float(settings["probability_two_random_records_match"]), m, u)


def settings_of(model: Model) -> dict[str, Any]:
    """A model as settings that `splink` reads: each pair is a record on both sides, its levels are columns."""
    return {
        "link_type": "link_only", "unique_id_column_name": "pair", "sql_dialect": "duckdb",
        "probability_two_random_records_match": model.prior,
        "blocking_rules_to_generate_predictions": ["l.pair = r.pair"],
        "comparisons": [
            {
                "output_column_name": name,
                "comparison_levels": [_level_settings(model, name, index) for index in _silence_first(levels)],
            }
            for name, levels in COMPARISONS.items()
        ],
    }  # fmt: skip


def _silence_first(levels: Sequence[str]) -> list[int]:
    """Levels in the order of settings: silence, then from the most alike to the rest."""
    return sorted(range(len(levels)), key=lambda index: (levels[index] != UNSAID, -index))


def _level_settings(model: Model, name: str, index: int) -> dict[str, Any]:
    level = COMPARISONS[name][index]
    condition = "ELSE" if index == 0 else f'"{name}_l" = {index}'
    told = {"sql_condition": condition, "label_for_charts": level}
    if level == UNSAID:
        return {**told, "is_null_level": True}
    return {**told, "m_probability": model.m[name][index], "u_probability": model.u[name][index]}


def fitted(levels: Mapping[str, Levels], is_same: Bools, smoothing: float = 1.0) -> Model:
    """The model of pairs that people have labelled: shares of levels among pairs on which neither report is silent.

    Args:
        levels: for each comparison an array `(n,)` of indices of its levels.
        is_same: `(n,)` whether the pair is of one incident.
        smoothing: pairs that each level is credited with.
    """
    shares: dict[bool, dict[str, tuple[float, ...]]] = {True: {}, False: {}}
    for name, names in COMPARISONS.items():
        seen = np.bincount(levels[name], minlength=len(names)) > 0
        silent = np.array([level == UNSAID for level in names])
        for side in (True, False):
            counts = np.bincount(levels[name][is_same == side], minlength=len(names)) + smoothing
            counts[silent] = 0
            shares[side][name] = tuple(round(float(one), 6) for one in counts / counts.sum())
        shares[True][name] = tuple(
            # silence weighs nothing, nor does what was never seen; what differs never speaks for one incident
            1.0 if silent[at] else other if not seen[at] else min(mine, other) if names[at] == DIFFERS else mine
            for at, (mine, other) in enumerate(zip(shares[True][name], shares[False][name], strict=True))
        )
        shares[False][name] = tuple(
            1.0 if is_silent else share for share, is_silent in zip(shares[False][name], silent, strict=True)
        )
    return Model(round(float(is_same.mean()), 6), shares[True], shares[False])


# -- levels of two values --------------------------------------------------------------------------------------------


def text_key(text: str | None) -> str:
    """A text as it is compared: no case, single blanks, no remark in brackets.

    >>> text_key("Hospital hit  (denied)")
    'hospital hit'
    """
    return key(_REMARK.sub(" ", text or ""))


def name_level(a: str, b: str) -> int:
    """Whether two names of places are alike: 1; 0 when not, or when one is empty."""
    return int(bool(a) and bool(b) and (a == b or fuzz.ratio(a, b) >= ALIKE_NAMES))


def act_level(a: tuple[tuple[str, ...], str], b: tuple[tuple[str, ...], str], tree: ActTree) -> int:
    """Level of two acts, each the ids and the word of the source."""
    names = COMPARISONS["act"]
    if COUNT in a[0] and COUNT in b[0]:
        return names.index("counts" if a[1] == b[1] else "differs")  # of violations, of the dead
    if a[1] == b[1] or (a[0] and set(a[0]) == set(b[0]) and a[0] != (WORD,)):
        return names.index("same")
    if (WORD in a[0]) and (WORD in b[0]):
        return names.index("words")
    if (WORD in a[0]) != (WORD in b[0]):
        return names.index("word-and-deed")
    if not a[0] or not b[0]:
        return names.index("unsaid")
    kin = any(tree.is_kind(x, y) != NO or tree.is_kind(y, x) != NO or _related(x, y, tree) for x in a[0] for y in b[0])
    return names.index("kin" if kin else "differs")


def _related(x: str, y: str, tree: ActTree) -> bool:
    """Whether two acts are kinds of one class."""
    return bool(tree.classes(x) & tree.classes(y))


def actor_level(a: Side, b: Side, group: Group) -> int:
    """Level of two actors: 0 others, 1 on one side, 2 not said, 3 the same or one a part of the other."""
    if not a.ids or not b.ids:
        return 3 if a.text and a.text == b.text else 2
    if any(group.belongs(x, y) != NO or group.belongs(y, x) != NO for x in a.ids for y in b.ids):
        return 3
    sides = [{group.side(one) for one in side.ids} - {""} for side in (a, b)]
    return 1 if sides[0] & sides[1] else 0


def target_level(a: Side, b: Side, group: Group) -> int:
    """Level of two targets: words before ids, for a named thing says more than the class that it falls in."""
    if not a.text or not b.text:
        return 1
    if alike_words(a.text, b.text):
        return 3
    mine, other = (sorted(set(side.ids) - {SETTLEMENT}) for side in (a, b))  # any place that nobody says more of
    if any(group.belongs(x, y) != NO or group.belongs(y, x) != NO for x in mine for y in other):
        return 2
    return 0 if a.ids and b.ids else 1


def alike_words(a: str, b: str) -> bool:
    """Whether two descriptions share their words, in any order.

    >>> alike_words("field hospital", "hospital"), alike_words("army posts", "hospital")
    (True, False)
    """
    return fuzz.token_set_ratio(" ".join(_WORDS.findall(a)), " ".join(_WORDS.findall(b))) >= ALIKE_TARGETS


def weapon_level(a: str, b: str) -> int:
    """Level of two weapons; each a list of common words, `rocket, mortar`."""
    if a in ("", "unknown") or b in ("", "unknown"):
        return 1
    if a == b:
        return 3
    return 2 if set(_WORDS.findall(a)) & set(_WORDS.findall(b)) - {"or"} else 0
