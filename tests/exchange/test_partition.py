"""The partition: the same wherever it is made, of whole blocks, each with its places."""

from __future__ import annotations

import h3
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from truceline.errors import InputError, SubmissionError
from truceline.exchange.partition import Partition, cell_at, cells_in, outline_of, partition, read_partition, written

SQUARE = shapely.box(36.0, 35.0, 38.0, 36.5)
PLACES = st.lists(st.tuples(st.floats(36.0, 38.0), st.floats(35.0, 36.5)), max_size=40)


@settings(max_examples=25)
@given(PLACES, st.integers(0, 4))
def test_a_partition_parts_the_country(places: list[tuple[float, float]], least: int) -> None:
    """Every cell is in one block; a block has its places, unless nothing is left to join; the file gives it back."""
    made = partition("XX", SQUARE, places, least)
    cells = [cell for block in made.blocks for cell in block]
    assert sorted(cells) == sorted(cells_in(SQUARE))
    weights = [sum(cell_at(*at) in block for at in places) for block in map(set, made.blocks)]
    assert min(weights) >= min(least, len(places)) or len(made.blocks) == 1
    assert read_partition(written(made)) == made


@settings(max_examples=15)
@given(PLACES)
def test_the_order_of_the_places_is_nothing(places: list[tuple[float, float]]) -> None:
    """Anybody makes the same from the same list."""
    assert partition("XX", SQUARE, places) == partition("XX", SQUARE, places[::-1])


def test_blocks_hang_together() -> None:
    """A block is one piece on the ground."""
    made = partition("XX", SQUARE, [(36.1 + n / 10, 35.1 + n % 3 / 3) for n in range(18)])
    assert len(made.blocks) > 3
    for block in made.blocks:
        seen, ahead = {block[0]}, [block[0]]
        while ahead:
            near = set(h3.grid_disk(ahead.pop(), 1)) & set(block) - seen
            seen |= near
            ahead += near
        assert seen == set(block)


def test_the_country_is_covered_to_its_edge() -> None:
    """A group at the border has a cell to be named by, in the country or across it."""
    shape = shapely.union_all([outline_of(cell) for cell in cells_in(SQUARE)])
    assert shapely.covers(shape.buffer(1e-9), SQUARE)
    assert all(shapely.intersects(outline_of(cell), SQUARE) for cell in cells_in(SQUARE))


def test_a_block_is_named_whole_or_not_at_all() -> None:
    """A part of a block would be the cell that was too empty to be named."""
    a, b, c = sorted([*h3.grid_ring("852d8a9bfffffff", 1)[:2], "852d8a9bfffffff"])
    made = Partition("XX", 1, 2, ((a, b), (c,)))
    made.check([a, b])
    made.check([a, b, c])
    assert made.whole([b]) == (a, b)
    for cells, why in (([a], "1 blocks"), ([c, b], "1 blocks"), (["842d8a9ffffffff"], "not of the partition")):
        with pytest.raises(SubmissionError, match=why):
            made.check(cells)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace("partition/1", "partition/2"), "expected schema"),
        (lambda text: " " + text, "one way"),
        (lambda text: text.replace('"least":2', '"least":2,"note":"x"'), "expected the file"),
        (lambda text: text.replace("852", "892", 1), "`blocks`"),
        (lambda _text: "[]", "expected the file"),
        (lambda text: text.replace("[[", "[[],[", 1), "`blocks`"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(change: object, why: str) -> None:
    """In one line; what is published cannot be taken back."""
    text = written(partition("XX", SQUARE, [(36.5, 35.5), (36.6, 35.6)])).decode()
    with pytest.raises(SubmissionError, match=why):
        read_partition(change(text).encode())  # type: ignore[operator]


def test_an_outline_without_cells_is_refused() -> None:
    """A point has no country around it."""
    with pytest.raises(InputError, match="holds no cell"):
        partition("XX", shapely.Polygon(), [])
