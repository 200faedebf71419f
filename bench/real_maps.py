"""The maps of `bench real`: the same bytes for the same data, no date inside.

Surely, possibly and outside differ in colour, lightness and shape: dark blue dots, orange triangles, light grey points.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from truceline.assess.join import Pairs
from truceline.space import UNITS_PER_DEGREE, Geometry, in_degrees, metres_per_degree

INK, ZONE, COAST, BORDER, LAND = "#222222", "#6a3d9a", "#5b7f95", "#a8a29a", "#f7f5f0"
LOOKS = (  # value, what it is called, colour, marker, filled
    (-1, "outside", "#b0b0b0", ".", True),
    (0, "possibly", "#e08214", "^", False),
    (1, "surely", "#08306b", "o", True),
)
LABELS = {
    "Latakia": (35.62, 36.75), "Idlib": (36.15, 37.2), "Aleppo": (38.9, 37.15), "Tartus": (35.62, 34.45),
    "Hama": (39.4, 34.75), "Damascus": (35.85, 34.1), "Rif Dimashq": (38.3, 32.75), "Daraa": (37.2, 32.38),
}  # fmt: skip
"""Where a label stands that would hide the points of its zone: longitude, latitude."""

Image = import_module("PIL.Image")
"""Comes with matplotlib; imported so, it needs no types of its own where neither is installed."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sight:
    """What a map shows.

    Attributes:
        lon_e7, lat_e7: `(n,)` positions.
        values: `(n,)` +1 surely, 0 possibly, -1 outside.
        zones: name to shape on the grid.
        counts: naive, surely and possibly of each zone.
        pairs: row, zone and value of every row and zone that meet; what is not listed lies outside.
    """

    lon_e7: NDArray[np.int32]
    lat_e7: NDArray[np.int32]
    values: NDArray[np.int8]
    zones: Mapping[str, Geometry]
    counts: Sequence[Mapping[str, Any]]
    pairs: Pairs = field(default_factory=Pairs.none)

    def only(self, names: Sequence[str], box: Box) -> Sight:
        """The same rows held against some of the zones alone, as far as they lie in a box of degrees."""
        chosen = np.isin(self.pairs.zone, [list(self.zones).index(name) for name in names])
        values = np.full(len(self.lon_e7), -1, np.int8)
        np.maximum.at(values, self.pairs.row[chosen], self.pairs.value[chosen])
        west, south, east, north = (edge * UNITS_PER_DEGREE for edge in box)
        seen = (self.lon_e7 >= west) & (self.lon_e7 <= east) & (self.lat_e7 >= south) & (self.lat_e7 <= north)
        return replace(self, lon_e7=self.lon_e7[seen], lat_e7=self.lat_e7[seen], values=values[seen])

    def text(self, name: str) -> str:
        """Name and three counts of a zone."""
        (one,) = [one for one in self.counts if one["name"] == name]
        return f"{name}\n{one['naive']:,} / {one['surely']:,} / {one['possibly']:,}"


def reports(data: Path, folder: Path, sight: Sight) -> None:
    """Reports in the governorates of Syria, with the three counts of each."""
    figure = Figure(figsize=(8.6, 6.8), layout="constrained")
    axes = figure.subplots()
    _base(axes, data, (35.0, 32.1, 42.5, 37.4))
    _zones(axes, sight.zones, width=0.9)
    _points(axes, sight, size=8)
    for one in sight.counts:
        if one["naive"] > 60:
            _label(axes, sight.text(one["name"]), sight.zones[one["name"]], LABELS.get(one["name"]))
    _legend(figure, "in one governorate", sight.values)
    axes.set_title("UCDP events of 2016: naive / surely / possibly in each governorate", fontsize=10, loc="left")
    _source(figure, "UCDP GED (CC BY 4.0), coded points; Natural Earth. Many events share one point.")
    _save(figure, folder / "real-reports.png")


def fires(data: Path, folder: Path, sight: Sight) -> None:
    """Fires about Syria, and the Golan close up."""
    figure = Figure(figsize=(9.6, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    whole, close = (34.6, 31.6, 43.0, 37.5), (35.5, 32.6, 36.2, 33.5)
    _base(left, data, whole)
    _zones(left, sight.zones, width=0.6)
    _points(left, sight.only(list(sight.zones), whole), size=2.2)
    left.set_title("in and about Syria (most of the set lies further east)", fontsize=9, loc="left")
    size = (close[2] - close[0], close[3] - close[1])
    left.add_patch(mpl.patches.Rectangle(close[:2], *size, fill=False, color=INK, lw=1.0, zorder=7))
    _base(right, data, close, bar_km=10)
    _zones(right, sight.zones, width=1.0)
    near = ("UNDOF Zone", "Golan Heights")
    _points(right, sight.only(near, close), size=16)
    for name, at in zip(near, ((36.07, 33.42), (35.59, 33.44)), strict=True):
        _label(right, sight.text(name), sight.zones[name], at)
    right.set_title("UNDOF zone and Golan Heights alone", fontsize=9, loc="left")
    _legend(figure, "in a zone", sight.values)
    _source(figure, "NASA FIRMS MODIS C6, 2016 to 2022, rows of Iraq, Jordan, Lebanon and Syria only; Natural Earth.")
    _save(figure, folder / "real-fires.png")


def aircraft(folder: Path, sight: Sight, names: Sequence[str]) -> None:
    """Aircraft: each cylinder close up."""
    figure = Figure(figsize=(8.6, 9.0), layout="constrained")
    for axes, name in zip(figure.subplots(2, 2).flat, names, strict=True):
        west, south, east, north = shapely.bounds(in_degrees(sight.zones[name]))
        dx, dy = 0.3 * (east - west), 0.3 * (north - south)
        box = (west - dx, south - dy, east + dx, north + dy)
        _frame(axes, box)
        _bar(axes, box, 40 if north - south > 0.8 else 10)
        near = sight.only([name], box)
        _points(axes, near, size=0.8 if len(near.lon_e7) > 50_000 else 3.5)
        _zones(axes, {name: sight.zones[name]}, width=1.3)
        axes.set_title(sight.text(name), fontsize=9, loc="left")
    _legend(figure, "in the cylinder", sight.values)
    _source(
        figure,
        "Sample tracks of the PyPI package traffic 2.13. Cylinders are made up. Counts: naive / surely / possibly.",
    )
    _save(figure, folder / "real-aircraft.png")


def ceasefires(data: Path, folder: Path, shapes: Mapping[str, Geometry]) -> None:
    """Every ceasefire zone in a frame of its own, with its scale."""
    figure = Figure(figsize=(9.6, 9.6), layout="constrained")
    for axes, (name, shape) in zip(figure.subplots(4, 4).flat, sorted(shapes.items()), strict=False):
        west, south, east, north = shapely.bounds(in_degrees(shape))
        lat = (south + north) / 2
        wide = float(np.cos(np.radians(lat)))
        half = 0.62 * max((east - west) * wide, north - south)
        middle = (west + east) / 2
        box = (middle - half / wide, lat - half, middle + half / wide, lat + half)
        _base(axes, data, box, bar_km=_round_km(half))
        others = {key: one for key, one in shapes.items() if key != name}
        _zones(axes, others, width=0.4)
        axes.fill(*_ring_xy(shape), facecolor="#cab2d6", edgecolor="none", zorder=3)
        _zones(axes, {name: shape}, width=1.1)
        axes.set_title(name, fontsize=8, loc="left")
        axes.tick_params(labelsize=6)
    _source(figure, "Natural Earth. Coasts and borders are drawn only where our copy has them: the Levant.")
    _save(figure, folder / "real-zones.png")


# -- pieces ----------------------------------------------------------------------------------------------------------


def _frame(axes: Axes, box: Box) -> None:
    west, south, east, north = box
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1 / float(np.cos(np.radians((south + north) / 2))))
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    axes.tick_params(labelsize=7, color=BORDER, labelcolor="#555555")
    for spine in axes.spines.values():
        spine.set_color(BORDER)


def _base(axes: Axes, data: Path, box: Box, bar_km: int = 100) -> None:
    """Land, coast, borders and lakes of the Levant, and a scale bar."""
    _frame(axes, box)
    folder = data / "naturalearth"
    around = shapely.box(*box)
    for name, style in (
        ("admin_0_countries", {"facecolor": LAND, "edgecolor": BORDER, "linewidth": 0.6, "zorder": 0}),
        ("lakes", {"facecolor": "#dbe7ee", "edgecolor": COAST, "linewidth": 0.4, "zorder": 1}),
    ):
        for shape in _shapes(folder / f"{name}.geojson"):
            if shapely.intersects(shape, around):
                axes.fill(*_xy(shapely.boundary(shape)), **style)
    for shape in _shapes(folder / "coastline.geojson"):
        if shapely.intersects(shape, around):
            axes.plot(*_xy(shape), color=COAST, linewidth=0.8, zorder=1)
    _bar(axes, box, bar_km)


def _bar(axes: Axes, box: Box, km: int) -> None:
    west, south, east, north = box
    y = south + 0.045 * (north - south)
    east_m, _ = metres_per_degree(np.array([y]))
    length = km * 1_000 / float(east_m[0])
    start = east - 0.05 * (east - west) - length
    axes.plot([start, start + length], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt", zorder=9)
    text = axes.annotate(
        f"{km} km", (start + length / 2, y), (0, 2.5), textcoords="offset points", ha="center", va="bottom", fontsize=7
    )
    text.set_zorder(9)


def _zones(axes: Axes, zones: Mapping[str, Geometry], width: float) -> None:
    for shape in zones.values():
        axes.plot(*_xy(shapely.boundary(in_degrees(shape))), color=ZONE, linewidth=width, zorder=5)


def _points(axes: Axes, sight: Sight, size: float) -> None:
    x, y = sight.lon_e7 / UNITS_PER_DEGREE, sight.lat_e7 / UNITS_PER_DEGREE
    for value, _, colour, marker, is_filled in LOOKS:
        chosen = sight.values == value
        order = 3 if value < 0 else 4 - float(chosen.mean())  # the rarer of the two on top
        style: dict[str, Any] = {"linewidths": 0} if is_filled else {"linewidths": 0.55, "facecolors": "none"}
        style |= {"c": colour} if is_filled else {"edgecolors": colour}
        scale = 0.6 if value < 0 else 1.0 if value > 0 else 1.8
        axes.scatter(x[chosen], y[chosen], s=size * scale, marker=marker, zorder=order, **style)


def _legend(figure: Figure, what: str, values: NDArray[np.int8]) -> None:
    """Below the map, where it hides nothing; only what is there."""
    handles = [
        Line2D([], [], ls="", marker=marker, ms=5, c=colour, mfc=colour if is_filled else "none", label=name)
        for value, name, colour, marker, is_filled in reversed(LOOKS)
        if (values == value).any()
    ]
    for handle in handles[:2]:
        handle.set_label(f"{handle.get_label()} {what}")
    handles.append(Line2D([], [], color=ZONE, linewidth=1.2, label="edge of a zone"))
    figure.legend(handles=handles, loc="outside upper left", ncols=4, fontsize=8, frameon=False)


def _label(axes: Axes, text: str, shape: Geometry, at: tuple[float, float] | None) -> None:
    """A label in its zone, or beside it with a line to it."""
    inside = shapely.point_on_surface(in_degrees(shape))
    axes.annotate(
        text, (inside.x, inside.y), at or (inside.x, inside.y), fontsize=7, ha="center", va="center", color=INK,
        zorder=8,
        bbox={"fc": "white", "alpha": 0.85, "ec": "none", "pad": 1.2},
        arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.6} if at else None,
    )  # fmt: skip


def _source(figure: Figure, text: str) -> None:
    figure.supxlabel(text, fontsize=7, color="#555555", x=0.01, ha="left")


def _round_km(half_deg: float) -> int:
    return max(step for step in (2, 5, 10, 20, 50, 100) if step <= max(half_deg * 111 * 0.7, 2))


def _shapes(file: Path) -> list[Geometry]:
    document = msgspec.json.decode(file.read_bytes())
    return [shapely.from_geojson(msgspec.json.encode(feature["geometry"])) for feature in document["features"]]


def _xy(lines: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lines of a shape, a gap between two."""
    parts = []
    for line in shapely.get_parts(lines):
        parts += [shapely.get_coordinates(line), np.full((1, 2), np.nan)]
    xy = np.vstack(parts[:-1])
    return xy[:, 0], xy[:, 1]


def _ring_xy(shape: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _xy(shapely.boundary(in_degrees(shape)))


def _save(figure: Figure, path: Path) -> None:
    """As a PNG of few colours: small, and the same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = FigureCanvasAgg(figure)
    drawn = io.BytesIO()
    canvas.print_png(drawn, metadata={"Software": None})
    image = Image.open(drawn).convert("RGB")
    image.quantize(96, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"  {path.name}: {path.stat().st_size / 1_000:.0f} kB", flush=True)
