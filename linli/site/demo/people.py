"""Households and people of a demo, as columns.

A household is drawn by its size, then by its kind (a couple, a couple with a child, three generations ...), which gives
each member a part; ages follow from the head's and the parts. The head's ages are set so that the whole comes out as
the census says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from linli.residents.terms import Need, Presence, Sex
from linli.site.demo import facts, names
from linli.site.demo.ground import Ground, Ints, Style, Texts
from linli.site.demo.identity import make_ids, make_phones
from linli.site.demo.words import FATHER, GRANDSON, HEAD, MEMBER, SIBLING, SON, SPOUSE

Days = NDArray[np.datetime64]
Years = NDArray[np.float64]
Flags = NDArray[np.bool_]
H, S, C, P, B, G = HEAD, SPOUSE, SON, FATHER, SIBLING, GRANDSON  # parts; the sex is drawn later

# Kinds of household by size: (share, parts, the head's ages: (share, from, to) ...).
YOUNG, MIDDLE, OLD = (22, 35), (35, 60), (60, 90)
KINDS: dict[int, tuple[tuple[float, tuple[int, ...], tuple[float, float, float]], ...]] = {
    1: ((1.0, (H,), (0.28, 0.28, 0.44)),),
    2: ((0.74, (H, S), (0.14, 0.34, 0.52)), (0.16, (H, C), (0.0, 0.8, 0.2)), (0.10, (H, B), (0.7, 0.2, 0.1))),
    3: (
        (0.80, (H, S, C), (0.27, 0.70, 0.03)),
        (0.12, (H, S, P), (0.10, 0.85, 0.05)),
        (0.08, (H, C, P), (0.1, 0.9, 0.0)),
    ),
    4: (
        (0.52, (H, S, C, C), (0.30, 0.70, 0.0)),
        (0.30, (H, S, C, P), (0.15, 0.85, 0.0)),
        (0.18, (H, S, C, G), (0.0, 0.25, 0.75)),
    ),
    5: ((0.7, (H, S, C, P, P), (0.15, 0.85, 0.0)), (0.3, (H, S, C, C, P), (0.2, 0.8, 0.0))),
    6: ((1.0, (H, S, C, C, P, P), (0.15, 0.85, 0.0)),),
    7: ((1.0, (H, S, C, C, G, P, P), (0.0, 1.0, 0.0)),),
}


@dataclass(frozen=True, eq=False)
class Census:
    """Columns of households (in the order of their doors) and of people (in the order of their households)."""

    household_door: Ints  # index of the door
    household_label: Texts
    household_size: Ints
    person_household: Ints
    name: Texts
    sex: Ints
    born: Days
    relation: Texts
    id_number: Texts
    phone: Texts
    needs: Ints
    presence: Ints
    presence_since: Days
    back_on: Days  # NaT when not known
    vacant_since: Days  # one a door; NaT when somebody lives there or it is no dwelling


def settle(
    ground: Ground, *, families: int, residents: int, members: int, today: date, rng: np.random.Generator
) -> Census:
    """`residents` people in `families` households, and `members` in dormitory rooms, behind the doors of `ground`."""
    doors, labels = _choose_doors(ground, families, rng)
    sizes = _draw_sizes(families, residents, rng)
    rooms, room_sizes = _fill_rooms(ground, members, rng)
    door = np.r_[doors, rooms]
    order = np.argsort(door, kind="stable")
    door, labels = door[order], np.r_[labels, np.full(len(rooms), "", dtype=object)][order]
    collective = np.r_[np.zeros(families, bool), np.ones(len(rooms), bool)][order]
    size = np.r_[sizes, room_sizes][order]
    vacant = np.full(len(ground.door_of), np.datetime64("NaT"), dtype="datetime64[D]")
    empty = np.setdiff1d(ground.dwellings, doors)
    vacant[empty] = np.datetime64(today) - rng.integers(20, 1100, len(empty))
    return _people(door, labels, size, collective, vacant, today, rng)


def _choose_doors(ground: Ground, families: int, rng: np.random.Generator) -> tuple[Ints, Texts]:
    """Where the families live: most doors hold one, some two (the second is a lodger's), some none."""
    dwellings = ground.dwellings
    styles = ground.door_style[dwellings]
    share = np.array([facts.TWO_HOUSEHOLDS.get(style.name.lower(), 0.0) for style in Style])
    two = np.flatnonzero(rng.random(len(dwellings)) < share[styles])
    two = two[: max(0, families // 4)]
    short = families - len(two) - len(dwellings)
    if short > 0:  # never, unless the ground was drawn too small
        more = np.setdiff1d(np.arange(len(dwellings)), two)[:short]
        two = np.r_[two, more]
    single = rng.permutation(np.setdiff1d(np.arange(len(dwellings)), two))[: families - 2 * len(two)]
    doors = np.r_[dwellings[two], dwellings[two], dwellings[single]]
    labels = np.full(families, "", dtype=object)
    labels[len(two) : 2 * len(two)] = "租户"
    order = np.argsort(doors, kind="stable")
    return doors[order], labels[order]


def _draw_sizes(families: int, residents: int, rng: np.random.Generator) -> Ints:
    """Sizes of families that add up to `residents` exactly: the census' shape, tilted to the mean asked for."""
    base = np.array(facts.FAMILY_SIZES)
    at = np.arange(1, len(base) + 1)
    low, high = -5.0, 5.0
    for _ in range(60):
        tilt = (low + high) / 2
        share = base * np.exp(tilt * at)
        share /= share.sum()
        low, high = (tilt, high) if (share * at).sum() < residents / max(1, families) else (low, tilt)
    sizes = rng.choice(at, size=families, p=share).astype(np.int64)
    while (short := residents - int(sizes.sum())) != 0:
        open_to = np.flatnonzero(sizes < len(base)) if short > 0 else np.flatnonzero(sizes > 1)
        picked = rng.permutation(open_to)[: abs(short)]
        sizes[picked] += 1 if short > 0 else -1
    return sizes


def _fill_rooms(ground: Ground, members: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Dormitory rooms and how many live in each: two to six, four on average."""
    rooms = ground.rooms
    if not members or not len(rooms):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    used = rooms[: min(len(rooms), max(1, round(members / facts.COLLECTIVE_SIZE)))]
    sizes = np.full(len(used), members // len(used), dtype=np.int64)
    sizes[: members % len(used)] += 1
    half = len(used) // 2
    shift = np.minimum(rng.integers(0, 3, half), np.maximum(sizes[:half] - 1, 0))
    sizes[:half] -= shift
    sizes[half : 2 * half] += shift
    return used, sizes


def _people(
    door: Ints,
    labels: Texts,
    size: Ints,
    collective: Flags,
    vacant: Days,
    today: date,
    rng: np.random.Generator,
) -> Census:
    household = np.repeat(np.arange(len(door), dtype=np.int64), size)
    place = np.arange(len(household), dtype=np.int64) - np.repeat(np.cumsum(size) - size, size)
    parts, head_age = _draw_parts(size, collective, rng)
    part = parts[household, np.minimum(place, parts.shape[1] - 1)]
    age = _ages(part, head_age[household], rng)
    male = _sexes(part, household, rng)
    born = np.datetime64(today) - (age * 365.2425).astype(np.int64)
    mongolian = (rng.random(len(door)) < facts.MONGOLIAN)[household]
    needs = _needs(age, male, size[household], rng)
    presence, since, back = _presence(household, len(door), today, rng)
    return Census(
        household_door=door,
        household_label=labels,
        household_size=size,
        person_household=household,
        name=names.make_names(household, len(door), part, male, age, mongolian, rng),
        sex=np.where(male, int(Sex.MALE), int(Sex.FEMALE)),
        born=born,
        relation=names.name_relations(part, male),
        id_number=make_ids(born, male, rng),
        phone=make_phones((age >= 13) & (rng.random(len(age)) < np.where(age < 75, 0.95, 0.7)), rng),
        needs=needs,
        presence=presence,
        presence_since=since,
        back_on=back,
        vacant_since=vacant,
    )


def _draw_parts(size: Ints, collective: Flags, rng: np.random.Generator) -> tuple[Ints, Years]:
    """The parts of each household's members (one row a household), and the age of its head in years."""
    parts = np.full((len(size), 8), MEMBER, dtype=np.int64)
    head_age = np.zeros(len(size))
    for members, kinds in KINDS.items():
        found = np.flatnonzero((size == members) & ~collective)
        drawn = rng.choice(len(kinds), size=len(found), p=[share for share, _, _ in kinds])
        for number, (_, roles, ages) in enumerate(kinds):
            mine = found[drawn == number]
            parts[mine, :members] = roles
            head_age[mine] = _head_ages(ages, len(mine), rng)
    rooms = np.flatnonzero(collective)
    students = rng.random(len(rooms)) < 0.75
    head_age[rooms] = np.where(students, rng.uniform(18.2, 22.5, len(rooms)), rng.uniform(20, 50, len(rooms)))
    return parts, head_age


def _head_ages(shares: tuple[float, float, float], count: int, rng: np.random.Generator) -> Years:
    band = rng.choice(3, size=count, p=np.array(shares) / sum(shares))
    low = np.array([YOUNG[0], MIDDLE[0], OLD[0]])[band]
    width = np.array([YOUNG[1] - YOUNG[0], MIDDLE[1] - MIDDLE[0], OLD[1] - OLD[0]])[band]
    skew = np.array([1.0, 1.15, 2.0])[band]  # old heads are nearer 60 than 90
    found: Years = low + width * rng.random(count) ** skew
    return found


def _ages(part: Ints, head: Years, rng: np.random.Generator) -> Years:
    count = len(part)
    spread = rng.random(count)
    child = head - (22.5 + 11 * spread)
    age = np.select(
        [part == HEAD, part == SPOUSE, part == SON, part == FATHER, part == GRANDSON, part == SIBLING],
        [
            head,
            np.maximum(20.5, head + 6 * spread - 3.5),
            np.where(child < 0, 3 * spread, child),
            head + 22 + 9 * spread,
            np.maximum(0.0, head - (48 + 12 * spread)),
            np.maximum(18.5, head + 10 * spread - 5),
        ],
        default=np.maximum(17.5, head + 3 * spread - 1.5),
    )
    clipped: Years = np.clip(age, 0.02, 101.0)
    return clipped


def _sexes(part: Ints, household: Ints, rng: np.random.Generator) -> Flags:
    """Heads are men more often; couples differ; two parents differ; the whole is as the census says."""
    count = int(household[-1]) + 1 if len(household) else 0
    head_male = (rng.random(count) < 0.64)[household]
    room_male = (rng.random(count) < 0.52)[household]
    drawn = rng.random(len(part)) < facts.SHARE_MALE
    alone = np.bincount(household, minlength=count)[household] == 1
    second_parent = np.r_[False, (part[1:] == FATHER) & (part[:-1] == FATHER)]
    found = np.select(
        [(part == HEAD) & ~alone, part == SPOUSE, second_parent, part == FATHER, part == MEMBER],
        [head_male, ~head_male, np.zeros_like(drawn), rng.random(len(part)) < 0.45, room_male],
        default=drawn,
    )
    paired = np.r_[second_parent[1:], False]
    return np.where(paired, True, found).astype(bool)


def _in_band(age: Years, bands: tuple[tuple[int, int, float], ...], rng: np.random.Generator) -> Flags:
    share = np.zeros(len(age))
    for low, high, value in bands:
        share[(age >= low) & (age < high)] = value
    found: Flags = rng.random(len(age)) < share
    return found


def _needs(age: Years, male: Flags, size: Ints, rng: np.random.Generator) -> Ints:
    chronic = _in_band(age, facts.CHRONIC, rng)
    marks = {
        Need.ALONE: (size == 1) & (age >= facts.ALONE_FROM_AGE),
        Need.DISABLED: _in_band(age, facts.DISABLED, rng),
        Need.PREGNANT: _in_band(age, facts.PREGNANT, rng) & ~male,
        Need.CHRONIC: chronic,
        Need.MEDICINE: chronic & (rng.random(len(age)) < facts.MEDICINE_OF_CHRONIC),
        Need.NO_SMARTPHONE: _in_band(age, facts.NO_SMARTPHONE, rng),
        Need.BEDRIDDEN: _in_band(age, facts.BEDRIDDEN, rng),
        Need.HARDSHIP: rng.random(len(age)) < facts.HARDSHIP,
    }
    needs = np.zeros(len(age), dtype=np.int64)
    for need, held in marks.items():
        needs |= np.where(held, int(need), 0)
    return needs


def _presence(household: Ints, households: int, today: date, rng: np.random.Generator) -> tuple[Ints, Days, Days]:
    """Half of the absences are of a whole household. Present since: some years ago; away: some weeks."""
    whole = (rng.random(households) < facts.AWAY / 2)[household]
    chance = rng.random(len(household))
    away = whole | (chance < facts.AWAY / 2)
    moved = ~away & (chance > 1 - facts.MOVED_OUT)
    presence = np.select([away, moved], [int(Presence.AWAY), int(Presence.MOVED_OUT)], default=int(Presence.PRESENT))
    years = (rng.integers(60, 4000, households))[household]
    since = np.datetime64(today) - np.select(
        [away, moved], [rng.integers(1, 45, len(chance)), rng.integers(5, 300, len(chance))], years
    )
    back = np.full(len(chance), np.datetime64("NaT"), dtype="datetime64[D]")
    knows = away & (rng.random(len(chance)) < 0.5)
    back[knows] = np.datetime64(today) + rng.integers(1, 25, int(knows.sum()))
    return presence, since, back
