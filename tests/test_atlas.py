"""Files of areas: what is none is refused in one line, with its name, what was expected, and what was there."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from truceline.atlas import read_atlas, read_features
from truceline.errors import InputError
from truceline.space import checked_polygon

SQUARE = {"type": "Polygon", "coordinates": [[[36, 35], [37, 35], [37, 36], [36, 36], [36, 35]]]}


def table(**columns: list[Any]) -> bytes:
    """A Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())


def feature(geometry: object, **properties: object) -> dict[str, Any]:
    """One feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(features: object) -> bytes:
    """A collection of what ought to be features."""
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[1, 2]", "z: expected a GeoJSON object, got a list"),
        (b'"text"', "z: expected a GeoJSON object, got a text"), (b"7", "z: expected a GeoJSON object, got a number"),
        (b"null", "z: expected a GeoJSON object, got nothing"),
        (collection({}), "z: expected a list as `features`, got an object"),
        (collection(5), "z: expected a list as `features`, got a number"),
        (collection(None), "z: expected a list as `features`, got nothing"),
        (b'{"type": "FeatureCollection"}', "z: expected a list as `features`, got nothing"),
        (collection([feature(SQUARE), "x"]), "z: feature 2: expected a GeoJSON object, got a text"),
        (table(shape=[b""], name=["a"]), "z: expected a geometry column `geometry`, got the columns `shape`, `name`"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_by_name(data: bytes, message: str) -> None:
    """Several files are read together: a line without the name sends people to the wrong one."""
    with pytest.raises(InputError) as found:
        read_features(data, "z")
    assert str(found.value) == message


def test_an_empty_polygon_is_called_so() -> None:
    """Expected a polygon, got Polygon: that told nobody what to repair."""
    with pytest.raises(InputError, match=r"^zone `a`: expected a polygon, got an empty Polygon$"):
        checked_polygon(shapely.Polygon(), "a")
    empty = feature({"type": "Polygon", "coordinates": []}, id="a")
    with pytest.raises(InputError, match=r"^z: zone `a`: expected a polygon, got an empty Polygon$"):
        read_atlas({"z": collection([empty])})
    with pytest.raises(InputError, match=r"^zone `a`: expected a polygon, got Point$"):
        checked_polygon(shapely.Point(1, 2), "a")


def test_what_is_one_is_read() -> None:
    """One feature alone is a file too."""
    (alone,) = read_features(json.dumps(feature(SQUARE, id="a")).encode(), "z")
    (among,) = read_features(collection([feature(SQUARE, id="a")]), "z")
    assert alone == among
    assert read_features(collection([]), "z") == []
