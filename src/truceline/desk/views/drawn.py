"""What does a map show of the reports that a reader sees? Where each is shown to be, and the ground below.

Places are those of the reader's view, so never finer than the place ladder; zones are drawn as the text drew them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.desk.files import Bench
from truceline.desk.pages import is_country, lands_of, names_of, rings_of, terms_by_place
from truceline.desk.runs import published_with
from truceline.desk.snapshots import Snapshot
from truceline.desk.towns import drawn
from truceline.desk.views.view import View
from truceline.report.extents import Spot
from truceline.report.picture import Land, Rings, ZoneMark
from truceline.space import Region, outline
from truceline.store.case import Case

Ground = tuple[tuple[Land, ...], tuple[ZoneMark, ...]]

MOST_DRAWN: Final = 4_000
"""Reports on one map; a page says how many it leaves out."""

MOST_GROUNDS: Final = 6
_grounds: OrderedDict[Hashable, Ground] = OrderedDict()


def spots_of(view: View, rows: Sequence[int] | NDArray[np.int64], atlas: Atlas) -> list[Spot]:
    """Reports on a map, as finely as the reader sees each of them."""
    sheet, shapes = view.sheet, _Shapes(atlas)
    at = np.asarray(rows, np.int64)
    texts = [
        view.place_text(level, *codes) for level, *codes in zip(
            view.seen.level[at].tolist(), *view.place_codes(at), strict=True
        )
    ]  # fmt: skip
    values, protected = sheet.verdicts.values[:, -1], sheet.verdicts.protected
    found = []
    for row, text in zip(at.tolist(), texts, strict=True):
        region, code = view.place(row), int(view.verdict[row])
        found.append(Spot(text, region.kind, shapes.of(region), int(values[code]), bool(protected[code])))
    return found


class _Shapes:
    """The outline of each region, worked out once."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._made: dict[Region, tuple[Rings, ...]] = {}

    def of(self, region: Region) -> tuple[Rings, ...]:
        if region not in self._made:
            self._made[region] = tuple(self._rings(region))
        return self._made[region]

    def _rings(self, region: Region) -> Iterator[Rings]:
        code = self._atlas.gazetteer.code
        if region.kind == "area":
            known = [self._atlas.shapes[code(one)] for one in region.areas if code(one) in self._atlas.shapes]
        elif region.kind == "disc":
            known = [drawn([region])[0]]
        else:
            shape = outline(region)
            known = [] if shape is None else [shape]
        for shape in known:
            yield from rings_of(shape)


def ground_of(snapshot: Snapshot, case: Case, *, is_public: bool) -> Ground:
    """The land and the zones below a map: for the public as they were published with the text."""
    key = (case.where, snapshot.agreement.canonical_hash, tuple(sorted(snapshot.bench.tables.items())), is_public)
    found = _grounds.get(key)
    if found is None:
        bench = published_with(case, snapshot.size) if is_public else snapshot.bench
        found = _grounds[key] = (tuple(lands_of(bench.atlas)), tuple(_zones(snapshot, bench)))
        while len(_grounds) > MOST_GROUNDS:
            _grounds.popitem(last=False)
    return found


def _zones(snapshot: Snapshot, bench: Bench) -> Iterator[ZoneMark]:
    """Zones of which a term speaks; one that is whole countries is named and not drawn."""
    agreement, atlas = snapshot.agreement, bench.atlas
    placed = Placed(agreement.zones, atlas)
    for key, terms in terms_by_place(agreement).items():
        ground = placed.ground((key,))
        is_hidden = ground.is_withheld or is_country(ground, atlas)
        shown = () if ground.shape is None or is_hidden else rings_of(ground.shape)
        names = names_of(agreement.zones[key].names, key)
        yield ZoneMark(key, names, shown, (), ground.is_withheld, "", tuple(terms))
