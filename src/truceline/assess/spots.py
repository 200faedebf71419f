"""Where, as columns? Regions of many reports as numbers: discs spelled out, every other kind as an index.

A disc is three numbers and a country; whatever is not one is kept once among `regions` and pointed to. Nothing is
decided here: `place` asks these columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.evidence.schema import region_of
from truceline.space import MOST_RADIUS_M, Region

Numbers = NDArray[np.int32]
Rows = NDArray[np.int64]
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Spots:
    """Regions as columns.

    Attributes:
        lon_e7, lat_e7: `(n,)` centre of a disc; 0 for every other kind.
        radius_m: `(n,)` radius of a disc; 0 for every other kind.
        country: `(n,)` index into `countries`, for discs; 0 = not cut.
        odd: `(n,)` -1 for a disc, else index into `regions`.
        countries: codes as stated; the first is the empty one.
        regions: the distinct regions that are no discs.
    """

    lon_e7: Numbers
    lat_e7: Numbers
    radius_m: Numbers
    country: NDArray[np.int16]
    odd: Numbers
    countries: tuple[str, ...] = ("",)
    regions: tuple[Region, ...] = ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.odd)

    def take(self, rows: Rows | slice) -> Spots:
        """The regions of some rows."""
        return Spots(
            self.lon_e7[rows], self.lat_e7[rows], self.radius_m[rows], self.country[rows], self.odd[rows],
            self.countries, self.regions,
        )  # fmt: skip

    def region(self, row: int) -> Region:
        """One row as a region."""
        if self.odd[row] >= 0:
            return self.regions[int(self.odd[row])]
        country = self.countries[self.country[row]]
        return Region("disc", int(self.lon_e7[row]), int(self.lat_e7[row]), int(self.radius_m[row]), country=country)

    def distinct(self) -> tuple[Rows, Rows]:
        """A row for every distinct region, and each row's index among them."""
        disc = np.where(self.odd < 0, 0, 1 + self.odd.astype(np.int64))
        where = (self.lat_e7.astype(np.int64) << 32) | (self.lon_e7.astype(np.int64) & 0xFFFFFFFF)
        return coded([disc, self.country.astype(np.int64), self.radius_m.astype(np.int64), where])

    @classmethod
    def of_regions(cls, regions: Sequence[Region]) -> Spots:
        """Columns of regions."""
        countries: dict[str, int] = {"": 0}
        others: dict[Region, int] = {}
        rows = [
            (r.lon_e7, r.lat_e7, r.radius_m, countries.setdefault(r.country, len(countries)), -1)
            if _is_disc(r)
            else (0, 0, 0, 0, others.setdefault(r, len(others)))
            for r in regions
        ]
        lon, lat, radius, country, odd = np.array(rows, np.int64).reshape(-1, 5).T
        return cls(
            lon.astype(np.int32), lat.astype(np.int32), radius.astype(np.int32), country.astype(np.int16),
            odd.astype(np.int32), tuple(countries), tuple(others),
        )  # fmt: skip

    @classmethod
    def of_column(cls, column: pa.ChunkedArray) -> Spots:
        """Columns of an Arrow column of `schema.REGION`."""
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        fields = {field.name: pc.struct_field(whole, field.name) for field in whole.type}
        lon, lat, radius = (ints(fields[name]) for name in ("lon_e7", "lat_e7", "radius_m"))
        is_given = pc.and_(pc.is_valid(fields["lon_e7"]), pc.is_valid(fields["lat_e7"]))
        is_disc = mask(pc.and_(pc.equal(fields["kind"], "disc"), is_given))
        is_disc &= (radius >= 0) & (radius <= MOST_RADIUS_M)
        stated, country = words(fields["country"])
        countries = ("", *(text for text in stated if text))
        to = np.array([countries.index(text) for text in stated], np.int64)
        odd = np.full(len(whole), -1, np.int32)
        regions: tuple[Region, ...] = ()
        if not is_disc.all():
            odd[~is_disc], regions = _others(whole.filter(pa.array(~is_disc)))
        x, y, reach = (np.where(is_disc, values, 0).astype(np.int32) for values in (lon, lat, radius))
        of = np.where(is_disc, to[country] if len(to) else 0, 0).astype(np.int16)
        return cls(x, y, reach, of, odd, countries, regions)


def _is_disc(region: Region) -> bool:
    given = region.lon_e7 is not None and region.lat_e7 is not None
    return region.kind == "disc" and given and 0 <= region.radius_m <= MOST_RADIUS_M


def _others(column: pa.StructArray) -> tuple[Numbers, tuple[Region, ...]]:
    """Every region that is no disc, once, and each row's index."""
    keys = []
    for field in column.type:
        values = pc.struct_field(column, field.name)
        if pa.types.is_list(field.type):
            keys += [words(joined(values))[1], ints(pc.list_value_length(values))]
        elif pa.types.is_floating(field.type):
            keys.append(pc.fill_null(values, -1.0).to_numpy(zero_copy_only=False).view(np.int64))
        elif pa.types.is_string(field.type):
            keys.append(words(values)[1])
        else:
            keys.append(ints(pc.if_else(pc.is_null(values), -(1 << 40), pc.cast(values, pa.int64()))))
    sample, codes = coded(keys)
    regions: dict[Region, int] = {}
    found = [regions.setdefault(region_of(row), len(regions)) for row in column.take(pa.array(sample)).to_pylist()]
    return np.array(found, np.int32)[codes], tuple(regions)


# -- Arrow columns as codes ------------------------------------------------------------------------------------------


def coded(columns: Sequence[Rows]) -> tuple[Rows, Rows]:
    """A row for every distinct combination of some columns, in order of first appearance, and each row's code."""
    codes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        encoded = pa.array(column).dictionary_encode()
        size = max(len(encoded.dictionary), 1)
        mixed = codes * size + encoded.indices.to_numpy(zero_copy_only=False)
        codes = pa.array(mixed).dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    sample = np.zeros(int(codes.max()) + 1 if len(codes) else 0, np.int64)
    sample[codes[::-1]] = np.arange(len(codes))[::-1]
    return sample, codes


def words(column: Any) -> tuple[list[str], Rows]:  # noqa: ANN401  # Arrow carries no types
    """The distinct texts of a column, null as the empty one, and each row's index among them."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = pc.fill_null(whole, "").dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def joined(column: Any) -> Any:  # noqa: ANN401  # Arrow carries no types
    """Lists as one text each."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.binary_join(pc.cast(whole, pa.list_(pa.string())), SEPARATOR)


def ints(column: Any) -> Rows:  # noqa: ANN401  # Arrow carries no types
    """Whole numbers, null as 0."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(pc.cast(pc.fill_null(whole, 0), pa.int64()).to_numpy(zero_copy_only=False))


def mask(column: Any) -> NDArray[np.bool_]:  # noqa: ANN401  # Arrow carries no types
    """Claims, null as no."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(pc.fill_null(whole, False).to_numpy(zero_copy_only=False))
