"""The loops of `fold` and `docket`, compiled: one pass over the pieces, a few words each.

Imported only where `kernels.is_compiled` says so. `fold.fold` with arrays is the same, word for word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

ONE, EIGHT, LOW_BYTE, ZERO = np.uint64(1), np.uint64(8), np.uint64(255), np.uint64(0)
BUCKETS = 4096
STRETCH = 2048
ONE_MORE = np.uint32(1)
FAR = 1 << 39
"""Cuts beyond this second stand for *no beginning* and *no end*; no table of buckets reaches so far."""

_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_SHIFT = np.uint64(58)
_PLACE_OF = np.zeros(64, np.int64)
for _bit in range(64):
    _PLACE_OF[((0x03F79D71B4CB0A89 << _bit) & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit


@njit(cache=True, nogil=True)
def intervals(at: Any, start: Any, end: Any) -> Any:  # noqa: ANN401  # compiled: numba knows the types
    """`docket.Clock`: the interval in which each span lies, `len(at)` where it lies in several, and if there are any.

    Args:
        at: `(k,)` rising seconds; the first comes before every span.
        start: `(n,)` seconds.
        end: `(n,)` seconds.
    """
    k, wide = len(at), False
    code = np.empty(len(start), np.int32)
    first, last = 1, k - 1
    while last > first and at[last] > FAR:
        last -= 1
    low = at[first] if k > 1 else np.int64(0)
    reach = at[last] - low if k > 1 else np.int64(0)
    shift = np.int64(0)
    while (reach >> shift) >= BUCKETS:
        shift += 1
    table = np.empty(BUCKETS + 2, np.int64)
    here = 0
    for j in range(BUCKETS + 2):
        while here + 1 < k and at[here + 1] <= low + (np.int64(j) << shift):
            here += 1
        table[j] = here
    for i in range(len(start)):
        s = start[i]
        here = 0
        if k > 1 and s >= low:
            j = min((s - low) >> shift, BUCKETS)
            here, top = table[j], table[j + 1] if j < BUCKETS else k - 1
            while top - here > 4:
                middle = (here + top + 1) >> 1
                if at[middle] <= s:
                    here = middle
                else:
                    top = middle - 1
            while here + 1 < k and at[here + 1] <= s:
                here += 1
        if here + 1 < k and end[i] - 1 >= at[here + 1]:
            here, wide = k, True
        code[i] = here
    return code, wide


@njit(cache=True, nogil=True)
def excuse(words: Any, ranks: Any, victims: Any) -> None:  # noqa: ANN401
    """`fold.Sheet.excused` for one way of one piece, in place.

    Args:
        words: `(4, w)` must, may, surely excused, perhaps excused.
        ranks: `(r, w)` exceptions, those that nothing takes back first.
        victims: `(b, w)` what each excuses or takes back.
    """
    width = words.shape[1]
    for r in range(len(ranks)):
        for w in range(width):
            left = words[1, w] & ranks[r, w]
            while left:
                low = left & (~left + ONE)
                left ^= low
                head = w * 64 + _PLACE_OF[(low * _DE_BRUIJN) >> _SHIFT]
                is_sure = (words[0, w] & low) != ZERO
                for v in range(width):
                    words[3, v] |= victims[head, v]
                    if is_sure:
                        words[2, v] |= victims[head, v]
        for w in range(width):
            words[0, w] &= ~words[3, w]
            words[1, w] &= ~words[2, w]


@njit(cache=True, nogil=True)
def fold(columns: Any, place: Any, tables: Any, layers: Any, rules: Any) -> Any:  # noqa: ANN401
    """`fold.fold`: see `fold.arguments` for what comes in, `fold.Folded` for what comes out.

    Each step goes over a stretch of pieces before the next one does, and leaves to it only those that are still open:
    then hardly a step has a branch that a core cannot foresee.
    """
    time, pair, wide = columns[0], columns[5], tables[1].shape[1]
    must, may = np.empty((len(time), wide), np.uint64), np.empty((len(time), wide), np.uint64)
    told, any_ways = np.zeros(len(time), np.uint8), np.full((len(columns[6]), 2), -1, np.int8)
    rows, way = np.empty(STRETCH, np.int64), np.zeros((2, 4, wide), np.uint64)
    for start in range(0, len(time), STRETCH):
        stop = min(start + STRETCH, len(time))
        count = joined(rows, (start, stop), (must, may), columns, tables)  # 1, 2
        count = located(rows[:count], (must, may), columns, place, layers)
        one_way(rows[:count], (must, may, told), pair, rules)  # 3
        for i in rows[: count if len(pair) > 0 else 0]:
            if pair[i] >= 0:
                both_ways(i, (must, may, told, any_ways), way, (columns, tables), rules)  # 4
    return must, may, told, any_ways


@njit(cache=True, nogil=True)
def joined(rows: Any, span: Any, words: Any, columns: Any, tables: Any) -> Any:  # noqa: ANN401
    """Time and acts of a stretch, and for all but pairs who and towards whom; gives how many are open, in `rows`."""
    (must, may), (time, acts, _, who, to, pair, _, _), count = words, columns, 0
    status, time_must, time_may, acts_must, acts_may, who_row, who_must, who_may, to_row, to_must, to_may = tables
    has_pairs = len(pair) > 0
    for i in range(span[0], span[1]):
        t, a = time[i], acts[i]
        s, left = status[t], ZERO
        x, y = who_row[who[i], s], to_row[to[i], s]
        is_one = not has_pairs or pair[i] < 0
        for w in range(must.shape[1]):
            one, other = time_must[t, w] & acts_must[a, w], time_may[t, w] & acts_may[a, w]
            if is_one:
                one, other = one & who_must[x, w] & to_must[y, w], other & who_may[x, w] & to_may[y, w]
            must[i, w], may[i, w] = one, other
            left |= other
        rows[count] = i
        count += left != ZERO
    return count


@njit(cache=True, nogil=True)
def located(rows: Any, words: Any, columns: Any, place: Any, layers: Any) -> Any:  # noqa: ANN401
    """Take from some rows of words the heads that lie elsewhere; gives how many rows are left, first in `rows`."""
    (must, may), (place_must, place_may), time, band = words, place, columns[0], columns[2]
    bands_must, bands_may, dates_must, dates_may, anywhere, lut = layers
    wl, width, kept = place_must.shape[1], must.shape[1], 0
    byte, byte_must, byte_may = np.zeros(wl * 8, np.int64), np.zeros(wl * 8, np.int64), np.zeros(wl * 8, np.int64)
    for at in range(len(rows)):
        i = rows[at]
        t, k, left, found = time[i], band[i], ZERO, 0
        for v in range(wl):
            one = place_must[i, v] & bands_must[k, v] & dates_must[t, v]
            other = place_may[i, v] & bands_may[k, v] & dates_may[t, v]
            if wl == 1 and width == 1:  # one word of each: no list of bytes
                sure = able = anywhere[0]
                for j in range(len(lut)):
                    sure |= lut[j, one & LOW_BYTE, 0]
                    able |= lut[j, other & LOW_BYTE, 0]
                    one >>= EIGHT
                    other >>= EIGHT
                must[i, 0], may[i, 0] = must[i, 0] & sure, may[i, 0] & able
                left = may[i, 0]
                break
            j = v * 8
            while other:
                byte[found], byte_must[found], byte_may[found] = j, one & LOW_BYTE, other & LOW_BYTE
                found += (other & LOW_BYTE) != ZERO
                one >>= EIGHT
                other >>= EIGHT
                j += 1
        for w in range(0 if wl == 1 and width == 1 else width):
            if not may[i, w]:
                continue
            sure = able = anywhere[w]
            for j in range(found):
                sure |= lut[byte[j], byte_must[j], w]
                able |= lut[byte[j], byte_may[j], w]
            must[i, w], may[i, w] = must[i, w] & sure, may[i, w] & able
            left |= may[i, w]
        rows[kept] = i
        kept += left != ZERO
    return kept


@njit(cache=True, nogil=True)
def one_way(rows: Any, words: Any, pair: Any, rules: Any) -> None:  # noqa: ANN401
    """Exceptions for pieces that can mean one thing."""
    (must, may, told), (ranks, victims, silent, noticed, held, _) = words, rules
    width = must.shape[1]
    way = np.zeros((4, width), np.uint64)
    for i in rows:
        if len(pair) > 0 and pair[i] >= 0:
            continue
        some = ZERO
        for w in range(width):
            if may[i, w] & noticed[w]:
                told[i] = 1
            must[i, w] &= ~silent[w]
            may[i, w] &= ~silent[w]
            some |= may[i, w] & held[w]
        if some:
            for w in range(width):
                way[0, w], way[1, w], way[2, w], way[3, w] = must[i, w], may[i, w], ZERO, ZERO
            excuse(way, ranks, victims)
            for w in range(width):
                must[i, w], may[i, w] = way[0, w], way[1, w]


@njit(cache=True, nogil=True)
def both_ways(i: Any, words: Any, way: Any, sheet: Any, rules: Any) -> None:  # noqa: ANN401
    """A pair without direction: each way alone, and what both agree on, factor by factor."""
    (must, may, told, any_ways), (columns, tables) = words, sheet
    time, _, _, who, to, pair, turned_who, turned_to = columns
    status, _, _, _, _, who_row, who_must, who_may, to_row, to_must, to_may = tables
    ranks, victims, silent, noticed, held, wanted = rules
    q, s = pair[i], status[time[i]]
    x, y = who_row[who[i], s], to_row[to[i], s]
    u, z = who_row[turned_who[q], s], to_row[turned_to[q], s]
    for k in range(2):
        is_any = can_be = ZERO
        for w in range(must.shape[1]):
            one, other = who_must[x, w] & to_must[y, w], who_may[x, w] & to_may[y, w]
            if k == 1:
                one, other = who_must[u, w] & to_must[z, w], who_may[u, w] & to_may[z, w]
            one, other = one & must[i, w], other & may[i, w]
            if other & noticed[w]:
                told[i] = 1
            way[k, 0, w], way[k, 1, w], way[k, 2, w], way[k, 3, w] = one & ~silent[w], other & ~silent[w], ZERO, ZERO
        excuse(way[k], ranks, victims)
        for w in range(must.shape[1]):
            is_any |= way[k, 0, w] & wanted[w]
            can_be |= way[k, 1, w] & wanted[w]
        any_ways[q, k] = np.int8(is_any != ZERO) + np.int8(can_be != ZERO) - np.int8(1)
    for w in range(must.shape[1]):
        one = must[i, w] & who_must[x, w] & to_must[y, w] & who_must[u, w] & to_must[z, w]
        one &= ~(way[0, 3, w] | way[1, 3, w])
        other = may[i, w] & ((who_may[x, w] & to_may[y, w]) | (who_may[u, w] & to_may[z, w]))
        other &= ~(way[0, 2, w] & way[1, 2, w])
        must[i, w] = (one & ~held[w]) | (way[0, 0, w] & way[1, 0, w] & held[w])
        may[i, w] = (other & ~held[w]) | ((way[0, 1, w] | way[1, 1, w]) & held[w])


# -- totals ----------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def tally(words: Any, skip: Any, sheet: Any, counted: Any, totals: Any) -> Any:  # noqa: ANN401
    """Add the answers of pieces that are one report each to the totals, and give the number of the pieces.

    Args:
        words: must and may, `(p, w)`, as folded.
        skip: `(p,)` pieces that are counted elsewhere.
        sheet: columns, place and the tables of `fold.tally_arguments`.
        counted: `(w,)` heads that are counted, those whose union is *any*, and the exceptions.
        totals: `(b + 1,)` answers of +1, and `(b + 1, 2 ** r)` answers of 0 by their mask of reasons; last is *any*.
    """
    (must, may), (asked, wanted, _), (yeses, told) = words, counted, totals
    last, total = len(yeses) - 1, 0
    whys, todo = np.zeros(len(yeses), np.uint32), np.empty(2 * len(yeses), np.int64)
    for i in range(len(must)):
        if skip[i]:
            continue
        total += 1
        is_any, some = ZERO, ZERO
        for w in range(must.shape[1]):
            yes = must[i, w] & (asked[w] | wanted[w])
            some |= may[i, w] & ~must[i, w] & (asked[w] | wanted[w])
            is_any |= yes & wanted[w]
            while yes:
                low = yes & (~yes + ONE)
                yes ^= low
                yeses[w * 64 + _PLACE_OF[(low * _DE_BRUIJN) >> _SHIFT]] += 1
        yeses[last] += is_any != ZERO
        if not some:
            continue
        is_open, any_why = False, np.uint32(0)
        first, count = listed(i, words, counted, sheet[2][-1], todo)
        for at in range(count):
            head = todo[at]
            why = why_of(i, head, words, sheet, whys)
            if at < first:
                whys[head] = why
                continue
            told[head, why] += ONE_MORE
            if wanted[head >> 6] & (ONE << np.uint64(head & 63)):
                is_open, any_why = True, any_why | why
        if is_open and not is_any:
            told[last, any_why] += ONE_MORE
    return total


@njit(cache=True, nogil=True, inline="always")
def listed(i: Any, words: Any, counted: Any, in_order: Any, todo: Any) -> Any:  # noqa: ANN401
    """The open heads of a piece: exceptions, each after what takes it back, and from `first` on what is counted."""
    (must, may), (asked, wanted, held), count, some = words, counted, 0, ZERO
    for w in range(must.shape[1]):
        some |= may[i, w] & ~must[i, w] & held[w]
    if some:
        for taker in in_order:
            if may[i, taker >> 6] & ~must[i, taker >> 6] & (ONE << np.uint64(taker & 63)):
                todo[count] = taker
                count += 1
    first = count
    for w in range(must.shape[1]):
        left = may[i, w] & ~must[i, w] & (asked[w] | wanted[w])
        while left:
            low = left & (~left + ONE)
            left ^= low
            todo[count] = w * 64 + _PLACE_OF[(low * _DE_BRUIJN) >> _SHIFT]
            count += 1
    return first, count


@njit(cache=True, nogil=True, inline="always")
def why_of(i: Any, head: Any, words: Any, sheet: Any, whys: Any) -> Any:  # noqa: ANN401
    """`reasons.Whys.way`: the reasons of one open head of one piece; those of its exceptions stand in `whys`."""
    (must, may), (columns, (place_must, place_may), tables) = words, sheet
    time, acts, band, who, to = columns
    status, who_row, to_row, time_why, acts_why, who_why, to_why = tables[:7]
    bands_must, bands_may, bands_why, dates_must, dates_may, dates_why = tables[7:13]
    place_why, first_layer, layer_of, takers, _ = tables[13:]
    t, k = time[i], band[i]
    s = status[t]
    why = time_why[t, head] | acts_why[acts[i], head]
    why |= who_why[who_row[who[i], s], head] | to_why[to_row[to[i], s], head]
    found, is_sure = np.uint32(0), ZERO
    for at in range(first_layer[head], first_layer[head + 1]):
        layer = layer_of[at]
        v, shift = layer >> 6, np.uint64(layer & 63)
        lies = (place_must[i, v] >> shift) & ONE
        surely = lies & (bands_must[k, v] >> shift) & (dates_must[t, v] >> shift)
        perhaps = (place_may[i, v] & bands_may[k, v] & dates_may[t, v]) >> shift & ONE
        is_sure |= surely
        open_ = np.uint32(perhaps & ~surely)  # 1 or 0: products instead of branches
        found |= open_ * (np.uint32(ONE - lies) * place_why[layer] | bands_why[k, layer] | dates_why[t, layer])
    why |= found * np.uint32(ONE - is_sure)
    for v in range(must.shape[1]):
        left = takers[head, v] & may[i, v] & ~must[i, v]
        while left:
            low = left & (~left + ONE)
            left ^= low
            why |= whys[v * 64 + _PLACE_OF[(low * _DE_BRUIJN) >> _SHIFT]]
    return why
