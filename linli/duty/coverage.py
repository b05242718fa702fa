"""Posts held and vacant, by level and place; units nobody answers for; everybody on a post, for sheets.

A lead's post is there as soon as its place is, so a vacancy is a place without an appointment. Places that stand now
are counted; who holds them is asked as of `at`. Areas and grids are counted where their first door lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from linli.core import db
from linli.core.extents import Extent
from linli.duty.terms import CHAIN, LEAD_OF, OfficerKind, PlaceName, Role

_IN_FORCE = "a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s)"
_ROLE_OF_KIND = "CASE p.kind " + " ".join(f"WHEN {kind} THEN '{role.value}'" for kind, role in LEAD_OF.items()) + " END"
# Of a lead's post: is it held, or does only a deputy stand in.
_LEADS = f"""
    lead AS MATERIALIZED (
        SELECT a.place_id, a.role, bool_or(NOT a.is_deputy) AS held FROM appointment a
        WHERE a.role IN ('area_lead', 'grid_lead', 'building_lead', 'unit_lead') AND {_IN_FORCE} GROUP BY 1, 2
    )"""
_OVERLAYS = """
    overlay AS (
        SELECT s.place_id, min(s.lo) AS lo FROM place_span s
        WHERE s.kind IN (50, 60, 61, 62) AND s.since <= %(at)s AND s.until > %(at)s GROUP BY 1
    )"""
_PARTS = "unnest(%(ids)s::bigint[], %(los)s::bigint[], %(his)s::bigint[]) AS e (id, lo, hi)"
# `ended_at IS NULL`, because that is the condition of the index place_counts.
_STANDING = "JOIN place p ON p.lo >= e.lo AND p.lo < e.hi AND p.kind >= 80 AND p.ended_at IS NULL"
_NOBODY = "p.kind = 90 AND l.place_id IS NULL AND b.place_id IS NULL"
_WITH_LEADS = f"""
    LEFT JOIN lead l ON l.place_id = p.id AND l.role = {_ROLE_OF_KIND}
    LEFT JOIN lead b ON p.kind = 90 AND b.place_id = p.parent_id AND b.role = 'building_lead'"""
_COUNT = f"""
    WITH {_LEADS}, {_OVERLAYS}
    SELECT e.id, p.kind, count(*), count(*) FILTER (WHERE l.held), count(*) FILTER (WHERE NOT l.held),
           count(*) FILTER (WHERE {_NOBODY})
    FROM {_PARTS} {_STANDING} {_WITH_LEADS} GROUP BY 1, 2
    UNION ALL
    SELECT e.id, p.kind, count(*), count(*) FILTER (WHERE l.held), count(*) FILTER (WHERE NOT l.held), 0
    FROM {_PARTS} JOIN overlay o ON o.lo >= e.lo AND o.lo < e.hi JOIN place p ON p.id = o.place_id
    LEFT JOIN lead l ON l.place_id = p.id AND l.role = {_ROLE_OF_KIND} GROUP BY 1, 2
"""
# Where an appointment is counted: at the first door of its place.
_FIRST = """CASE WHEN p.kind >= 70 THEN p.lo ELSE (
        SELECT min(s.lo) FROM place_span s WHERE s.place_id = p.id AND s.since <= %(at)s AND s.until > %(at)s) END"""
_PEOPLE = f"""
    WITH there AS MATERIALIZED (
        SELECT a.role, a.officer_kind, {_FIRST} AS lo FROM appointment a JOIN place p ON p.id = a.place_id
        WHERE NOT a.is_deputy AND {_IN_FORCE}
    )
    SELECT e.id, t.role, t.officer_kind, count(*) FROM {_PARTS} JOIN there t ON t.lo >= e.lo AND t.lo < e.hi
    GROUP BY 1, 2, 3
"""
_VACANT = f"""
    WITH {_LEADS}, {_OVERLAYS}, found AS (
        SELECT p.id, p.kind, p.code, p.name, p.lo, l.place_id IS NOT NULL AS stood_in, {_NOBODY} AS nobody
        FROM {_PARTS} {_STANDING} {_WITH_LEADS} WHERE l.held IS NOT TRUE
        UNION ALL
        SELECT p.id, p.kind, p.code, p.name, o.lo, l.place_id IS NOT NULL, false
        FROM {_PARTS} JOIN overlay o ON o.lo >= e.lo AND o.lo < e.hi JOIN place p ON p.id = o.place_id
        LEFT JOIN lead l ON l.place_id = p.id AND l.role = {_ROLE_OF_KIND} WHERE l.held IS NOT TRUE
    )
    SELECT id, kind, code, name, lo, stood_in, nobody FROM found
    WHERE (cardinality(%(kinds)s::smallint[]) = 0 OR kind = ANY(%(kinds)s::smallint[]))
      AND (NOT %(nobody)s OR nobody) AND (lo, kind) > (%(after_lo)s, %(after_kind)s)
    ORDER BY lo, kind LIMIT %(limit)s
"""
_EVERYBODY = f"""
    WITH {_OVERLAYS}, post AS (
        SELECT p.id, {_ROLE_OF_KIND} AS role, p.lo FROM {_PARTS} {_STANDING}
        UNION ALL
        SELECT p.id, {_ROLE_OF_KIND}, o.lo
        FROM {_PARTS} JOIN overlay o ON o.lo >= e.lo AND o.lo < e.hi JOIN place p ON p.id = o.place_id
    ), there AS (
        SELECT a.id, a.place_id, a.role, {_FIRST} AS lo FROM appointment a JOIN place p ON p.id = a.place_id
        WHERE {_IN_FORCE}
    ), line AS (
        SELECT coalesce(t.place_id, x.id) AS place_id, coalesce(t.role, x.role) AS role, coalesce(t.lo, x.lo) AS lo,
               t.id AS appointment_id
        FROM post x FULL JOIN there t ON t.place_id = x.id AND t.role = x.role
    )
    SELECT p.id, p.kind, p.code, p.name, n.role, a.id, coalesce(c.name, ''), coalesce(a.is_deputy, false),
           coalesce(a.officer_kind, ''), coalesce(o.name, ''), s.phone, a.since, a.until
    FROM line n JOIN place p ON p.id = n.place_id
    LEFT JOIN appointment a ON a.id = n.appointment_id LEFT JOIN account c ON c.id = a.account_id
    LEFT JOIN organisation o ON o.id = a.organisation_id LEFT JOIN staff s ON s.account_id = a.account_id
    WHERE n.lo IS NOT NULL AND EXISTS (SELECT 1 FROM {_PARTS} WHERE n.lo >= e.lo AND n.lo < e.hi)
    ORDER BY n.lo, p.kind, n.role, a.seat, a.is_deputy
"""


@dataclass(frozen=True, slots=True)
class PostCount:
    """Posts of one level: how many there are, are held, have only a deputy."""

    posts: int = 0
    held: int = 0
    stood_in: int = 0

    @property
    def vacant(self) -> int:
        return self.posts - self.held


@dataclass(slots=True)
class Coverage:
    """The chain in one place. `people`: appointments in force by role, deputies left out; `officers`: information
    officers by kind ("" unknown); `nobody`: units that have neither a lead nor a building with one, nor deputies."""

    posts: dict[str, PostCount] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    officers: dict[str, int] = field(default_factory=dict)
    nobody: int = 0

    @property
    def vacant(self) -> int:
        return sum(count.vacant for count in self.posts.values())

    @property
    def levels(self) -> list[tuple[Role, PostCount | None, int]]:
        """The five levels, widest first: (role, its posts, None for information officers, people)."""
        return [(role, self.posts.get(role.value), self.people.get(role.value, 0)) for role in CHAIN]

    @property
    def officer_kinds(self) -> list[tuple[str, int]]:
        """Adds up to all information officers."""
        kinds = [(str(kind.label), self.officers.get(kind.value, 0)) for kind in OfficerKind]
        unknown = (str(_("kind not given")), self.officers.get("", 0))
        return [(label, count) for label, count in [*kinds, unknown] if count]


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A lead's post that nobody holds. `stood_in`: a deputy does its work; `nobody`: see Coverage."""

    place: PlaceName
    lo: int
    stood_in: bool
    nobody: bool

    @property
    def role(self) -> Role:
        return LEAD_OF[self.place.kind]


@dataclass(frozen=True, slots=True)
class PostLine:
    """One line of the whole chain: a post with who holds it or stands in; `appointment_id` None: vacant."""

    place: PlaceName
    role: str
    appointment_id: int | None
    name: str
    is_deputy: bool
    officer_kind: str
    organisation: str
    phone: bytes | None
    since: datetime | None
    until: datetime | None


def count_posts(extents: Mapping[int, Extent], at: datetime) -> dict[int, Coverage]:
    """The chain inside each of several extents, under the numbers they come with; two statements."""
    params = _parts(extents) | {"at": at}
    found = {number: Coverage() for number in extents}
    for number, kind, posts, held, stood_in, nobody in db.rows(_COUNT, params):
        one, role = found[number], LEAD_OF[kind].value
        before = one.posts.get(role, PostCount())
        one.posts[role] = PostCount(before.posts + posts, before.held + held, before.stood_in + stood_in)
        one.nobody += nobody
    for number, role, officer_kind, count in db.rows(_PEOPLE, params):
        one = found[number]
        one.people[role] = one.people.get(role, 0) + count
        if role == Role.INFORMATION_OFFICER:
            one.officers[officer_kind] = one.officers.get(officer_kind, 0) + count
    return found


def list_vacancies(
    extent: Extent,
    at: datetime,
    *,
    kinds: Iterable[int] = (),
    nobody: bool = False,
    after: tuple[int, int] = (-1, 0),
    limit: int | None = None,
) -> list[Vacancy]:
    """Vacant posts of leads in key order; `after`: (lo, kind) of the last; `nobody`: only units nobody answers for."""
    params = _parts({0: extent}) | {
        "at": at, "kinds": list(kinds), "nobody": nobody, "after_lo": after[0], "after_kind": after[1], "limit": limit,
    }  # fmt: skip
    return [Vacancy(PlaceName(*row[:4]), *row[4:]) for row in db.rows(_VACANT, params)]


def list_everybody(extent: Extent, at: datetime) -> Iterator[PostLine]:
    """Every lead's post with its holder and deputy, and everybody on any other post, in key order."""
    for row in db.rows(_EVERYBODY, _parts({0: extent}) | {"at": at}):
        yield PostLine(PlaceName(*row[:4]), *row[4:])


def _parts(extents: Mapping[int, Extent]) -> dict[str, Any]:
    spans = [(number, lo, hi) for number, extent in extents.items() for lo, hi in extent]
    return {"ids": [n for n, _, _ in spans], "los": [lo for _, lo, _ in spans], "his": [hi for _, _, hi in spans]}
