"""Does the search by sound find the place that was meant, and is it ever sure and wrong?

    1 held out   each spelling of each of the 308 places of GeoNames in Syria, looked for as if the list lacked it:
                 `spelling` lacks just that one, `letters` lacks all that are the same without marks and case
    2 misheard   the spellings in Latin letters, changed by rule (seeded), looked for in the whole list
    3 absent     each spelling, looked for where its place is not in the list: every sure answer is wrong
    4 speed      one search among 100,000 spellings; how long the names of Syria take to load

Spellings in scripts other than Latin, Arabic and Cyrillic are counted apart: only the same letters find them. The data
lie in `../shared/data` or `TRUCELINE_DATA`; without them the package's own copy of the same list is taken.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench.measure import Ask, Result, short
from truceline.desk.naming import geonames
from truceline.evidence.letters import plain
from truceline.evidence.names import RIVALS, Names, Overlook, Place, read_geonames

ROOT = Path(__file__).parent.parent
SEED = 20160912
SCRIPTS = {"LATIN": "Latin", "ARABIC": "Arabic", "CYRILLIC": "Cyrillic"}
NEIGHBOURS = tuple("SY TR IR IQ LB JO EG SA YE IL PS AE OM KW DZ MA TN SD AF AZ AM GE GR".split())
"""Countries whose names fill the large list of the test of speed."""

LARGE, SEARCHES = 100_000, 300
VOWELS = "aeiou"
Change = Callable[[str, random.Random], str]


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """The four measurements; `rows` takes only the first places, for a trial."""
    del mode, ask
    made: dict[str, Callable[[Names], Result]] = {
        "held-out": held_out, "misheard": misheard, "absent": absent, "speed": speed,
    }  # fmt: skip
    return {f"names.{name}": partial(_measured, measure, rows) for name, measure in made.items()}


def _measured(measure: Callable[[Names], Result], most: int) -> Result:
    """One measurement over the places of Syria, told."""
    return _told(measure(Names(places(most))))


def places(most: int = 0) -> list[Place]:
    """The places of Syria; 0 = all."""
    folder = Path(os.environ.get("TRUCELINE_DATA") or ROOT.parent / "shared" / "data")
    file = folder / "geonames" / "places_syria.json"
    found = read_geonames(file.read_bytes(), file.name) if file.is_file() else list(geonames(("SY",)))
    return found[: most or None]


class Tally:
    """Counts of looked for, first, among the first three, sure, and sure but wrong, by group."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.counts: dict[str, Counter[str]] = {}

    def add(
        self, groups: tuple[str, ...], names: Names, text: str, meant: str, overlook: Overlook | None = None
    ) -> None:
        """Look for a text and count what was found."""
        found = names.find(text, most=RIVALS, overlook=overlook)
        sure = names.decided(text, found)
        for group in groups:
            count = self.counts.setdefault(group, Counter())
            count["n"] += 1
            count["first"] += bool(found) and found[0].id == meant
            count["of_three"] += meant in [one.id for one in found[:3]]
            count["sure"] += sure is not None
            count["sure_wrong"] += sure is not None and sure.id != meant
            count["same_name"] += sure is not None and sure.id != meant and sure.score == 1000

    def entry(self) -> Result:
        """The counts as they are written down."""
        return {group: dict(count) for group, count in self.counts.items()}


def held_out(names: Names) -> Result:
    """Each spelling, looked for without itself."""
    tally, alone = Tally(), {"spelling": 0, "letters": 0}
    for place, text in spellings(names):
        script, key = script_of(text), plain(text)
        lacks: dict[str, Overlook] = {
            "spelling": lambda one, other, place=place, text=text: one == place.id and other == text,  # type: ignore[misc]
            "letters": lambda one, other, place=place, key=key: one == place.id and plain(other) == key,  # type: ignore[misc]
        }
        for what, overlook in lacks.items():
            if all(overlook(place.id, other) for other in (place.name, *place.spellings)):
                alone[what] += 1
                continue
            groups = (f"{what}: {script}",) + ((f"{what}: three scripts",) if script != "other" else ())
            tally.add(groups, names, text, place.id, overlook)
    return {"rates": tally.entry(), "no_other_spelling": alone, "places": len(names.places)}


def absent(names: Names) -> Result:
    """Each spelling in three scripts, its place taken out of the list."""
    tally = Tally()
    for place, text in spellings(names):
        if script_of(text) != "other":
            tally.add(("place not in the list",), names, text, place.id, lambda one, _, place=place: one == place.id)  # type: ignore[misc]
    return {"rates": tally.entry()}


def misheard(names: Names) -> Result:
    """Spellings in Latin letters, changed by each rule."""
    tally, chance = Tally(), random.Random(SEED)
    for place, text in spellings(names):
        if script_of(text) != "Latin" or not set(VOWELS) & set(plain(text)):
            continue
        for rule, change in RULES.items():
            heard = change(plain(text), chance)
            if heard not in ("", plain(text)):
                tally.add((rule, "all rules"), names, heard, place.id)
    return {"rates": tally.entry(), "seed": SEED}


def speed(names: Names) -> Result:
    """Milliseconds of a search among many names, and of loading those of Syria, on one core."""
    start = time.process_time()
    Names(read_places_of_syria())
    load_s = time.process_time() - start
    many, count = [], 0
    for place in geonames(NEIGHBOURS):
        many.append(place)
        count += len({place.name, *place.spellings})
        if count >= LARGE:
            break
    large, chance = Names(many), random.Random(SEED)
    asked = chance.sample([text for place, text in spellings(names) if script_of(text) != "other"], SEARCHES)
    seconds = []
    for text in asked:
        start = time.process_time()  # other work on the machine is no part of a search
        large.find(text)
        seconds.append(time.process_time() - start)
    return {
        "spellings": count, "places": len(many), "searches": len(asked), "load_s": short(load_s),
        "median_ms": short(statistics.median(seconds) * 1000), "worst_ms": short(max(seconds) * 1000),
    }  # fmt: skip


def read_places_of_syria() -> tuple[Place, ...]:
    """Out of the package, not out of its cache."""
    geonames.cache_clear()
    return geonames(("SY",))


def spellings(names: Names) -> Iterator[tuple[Place, str]]:
    """Every spelling of every place."""
    for place in names.places.values():
        for text in dict.fromkeys((place.name, *place.spellings)):
            yield place, text


def script_of(text: str) -> str:
    """`Latin`, `Arabic`, `Cyrillic`, `consonants` for raw Arabic consonants in small Latin letters, else `other`."""
    found = {unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()} - {"MODIFIER"}
    if len(found) != 1:
        return "other"
    script = SCRIPTS.get(found.pop(), "other")
    return "consonants" if script == "Latin" and text.isascii() and text == text.lower() else script


# -- mishearings by rule ---------------------------------------------------------------------------------------------


def _dropped_vowels(text: str, chance: random.Random) -> str:
    return text[0] + "".join(c for c in text[1:] if c not in VOWELS or chance.random() < 0.5)


def _one_of(pattern: str, swap: Mapping[str, str]) -> Change:
    """A rule that puts another sound in place of one that a pattern finds."""

    def change(text: str, chance: random.Random) -> str:
        found = list(re.finditer(pattern, text))
        if not found:
            return text
        one = chance.choice(found)
        return str(text[: one.start()] + chance.choice(swap[one[0]].split()) + text[one.end() :])

    return change


def _doubled(text: str, chance: random.Random) -> str:
    found = list(re.finditer(r"([bcdfgjklmnqrstz])\1?(?!h)", text))
    if not found:
        return text
    one = chance.choice(found)
    return str(text[: one.start()] + one[1] * (1 if len(one[0]) == 2 else 2) + text[one.end() :])


def _article(text: str, chance: random.Random) -> str:
    rest = re.sub(r"^(?:[aeu][lrnsztd]|[ae]sh|[ae]th|[ae]dh|[ae]ch) ", "", text)
    sun = re.match(r"sh|th|dh|[lrnsztd]", rest)
    forms = [
        rest,
        f"al {rest}",
        f"el {rest}",
        f"al{rest}",
        *([f"a{sun[0]} {rest}", f"e{sun[0]} {rest}"] if sun else ()),
    ]
    return str(chance.choice([form for form in forms if form != text]))


_RUSSIAN = (
    ("shch", "щ"), ("sh", "ш"), ("kh", "х"), ("gh", "г"), ("th", "т"), ("dh", "д"), ("ch", "ч"), ("zh", "ж"),
    ("dj", "дж"), ("ou", "у"), ("iy", "и"), ("ay", "ай"), ("ey", "ей"), ("aw", "ау"), ("ya", "я"), ("yu", "ю"),
    ("j", "дж"), ("q", "к"), ("w", "в"), ("x", "кс"), ("c", "к"), ("y", "й"), ("h ", " "), ("h", "х"),
    *zip("abdefgiklmnoprstuvz", "абдэфгиклмнопрстувз", strict=True),
)  # fmt: skip
_ARTICLE = {
    "al": "эль",
    "el": "эль",
    "ar": "эр",
    "as": "эс",
    "ash": "эш",
    "ad": "эд",
    "an": "эн",
    "at": "эт",
    "az": "эз",
}


def _russian(text: str, chance: random.Random) -> str:
    del chance
    words = []
    for word in text.split():
        said = _ARTICLE.get(word) if len(text.split()) > 1 else None
        if said is None:
            said = re.sub(r"(?<=[aeiou])h$", "", word)
            for latin, letter in _RUSSIAN:
                said = said.replace(latin, letter)
        words.append(said)
    return "-".join(words)


def _three(text: str, chance: random.Random) -> str:
    for rule in chance.sample([name for name in RULES if name not in ("three at once", "Russian transcription")], 3):
        text = RULES[rule](text, chance)
    return text


RULES: Mapping[str, Change] = {
    "dropped vowels": _dropped_vowels,
    "h/kh": _one_of(r"kh|(?<![bcdgkst])h(?=\w)", {"kh": "h", "h": "kh"}),
    "d/dh": _one_of(r"dh|d(?!h)", {"dh": "d", "d": "dh"}),
    "q/k/g": _one_of(r"q|k(?!h)|g(?!h)", {"q": "k g", "k": "q g", "g": "k q"}),
    "doubled letters": _doubled,
    "Arabic article": _article,
    "Russian transcription": _russian,
    "three at once": _three,
}


def _told(entry: Result) -> Result:
    """Print the rates as the table that the how-to shows."""
    for group, count in sorted(entry.get("rates", {}).items()):
        n = max(count["n"], 1)
        shares = [count[key] * 100 / n for key in ("first", "of_three", "sure", "sure_wrong", "same_name")]
        print(f"| {group} | {count['n']:,} | " + " | ".join(f"{share:.1f} %" for share in shares) + " |")
    if "rates" not in entry or "no_other_spelling" in entry:
        print("  " + ", ".join(f"{key} {value}" for key, value in entry.items() if key != "rates"))
    return entry
