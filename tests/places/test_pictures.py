"""Names under a strip of before and after: none covers another, none runs over the edge."""

from __future__ import annotations

from itertools import pairwise

from linli.places.pictures import LETTER_WIDTH, LONGEST_NAME, WIDTH, Tick, _ticks


def reach(tick: Tick) -> tuple[float, float]:
    wide = len(tick.name) * LETTER_WIDTH
    return (tick.x - wide, tick.x) if tick.ends else (tick.x, tick.x + wide)


def test_names_stand_where_there_is_room() -> None:
    """The demo's first grid: one large compound, and two small ones at the end of the strip."""
    found = _ticks([(0.0, "大观小区"), (900.0, "呼哈路蓝领公寓"), (966.0, "呼哈路49号院")])
    assert found == [Tick(0.0, "大观小区"), Tick(900.0, "呼哈路蓝领公寓", ends=True), Tick(966.0)]


def test_names_never_meet() -> None:
    for count in (1, 2, 7, 8, 9, 40, 300):
        found = _ticks([(n * WIDTH / count, "很长很长的一个小区的名字" if n % 3 else "阳光小区") for n in range(count)])
        assert len(found) == count
        places = [reach(tick) for tick in found if tick.name]
        assert all(end <= WIDTH for _, end in places)
        assert all(before[1] <= after[0] for before, after in pairwise(places))
        assert all(len(tick.name) <= LONGEST_NAME for tick in found)
    assert _ticks([]) == []
