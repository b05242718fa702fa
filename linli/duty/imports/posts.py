"""What a sheet changes: each row against who holds its post now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from linli.core import db, events
from linli.core.access import Actor
from linli.core.errors import Text
from linli.core.extents import Extent
from linli.core.import_rows import Tally
from linli.core.spoken import filled
from linli.duty import policies
from linli.duty.events import PostHandedOver
from linli.duty.imports.people import Person
from linli.duty.terms import Role
from linli.places.terms import PlaceRef

Post = tuple[str, int]  # role, place


@dataclass(frozen=True)
class Wanted:
    """What one good row asks for."""

    number: int
    role: Role
    place: PlaceRef
    extent: Extent
    officer_kind: str
    organisation: str
    holder: Person | None = None
    deputy: Person | None = None


@dataclass(frozen=True)
class Held:
    """An appointment that is there: in force, or to come."""

    id: int
    account_id: int
    seat: int
    is_deputy: bool
    officer_kind: str
    organisation: str
    in_force: bool


@dataclass
class New:
    """An appointment to be made; `ends`: the one it takes the post from."""

    row: Wanted
    person: Person
    seat: int
    is_deputy: bool
    ends: Held | None = None


class Posts:
    """Who holds the posts of a sheet, and what is to be changed about it."""

    def __init__(self, tally: Tally, actor: Actor, at: datetime, wanted: Sequence[tuple[Role, int]]) -> None:
        self._tally, self._actor, self._at = tally, actor, at
        self._held: dict[Post, list[Held]] = defaultdict(list)
        self._rows: dict[Post, int] = {}
        self._seen: dict[tuple[Post, int], int] = {}
        self._seats: dict[Post, set[int]] = {}
        self._new: list[New] = []
        self._changed: list[tuple[Held, Wanted]] = []
        for role, place, *columns in db.rows(
            """
            SELECT a.role, a.place_id, a.id, a.account_id, a.seat, a.is_deputy, a.officer_kind, coalesce(o.name, ''),
                   a.since <= %(at)s
            FROM appointment a LEFT JOIN organisation o ON o.id = a.organisation_id
            JOIN (SELECT DISTINCT * FROM unnest(%(roles)s::text[], %(places)s::bigint[]) AS w (role, place_id)) w
                ON w.role = a.role AND w.place_id = a.place_id
            WHERE (a.until IS NULL OR a.until > %(at)s) AND (a.until IS NULL OR a.until > a.since)
            """,
            {"at": at, "roles": [role.value for role, _place in wanted], "places": [place for _role, place in wanted]},
        ):
            self._held[role, place].append(Held(*columns))

    def people(self) -> Iterator[Person]:
        """Everybody who is to be appointed."""
        return (one.person for one in self._new)

    def want(self, row: Wanted) -> None:
        """Settle one row: created, updated, unchanged or refused."""
        post = (row.role.value, row.place.id)
        sole = policies.is_sole(row.role, row.place.kind)
        if sole and post in self._rows:
            self._refuse(
                row, "post_twice", filled(_("This post stands in row %(row)s as well."), row=self._rows[post]),
                _("Keep only one of the two rows."),
            )  # fmt: skip
            return
        self._rows.setdefault(post, row.number)
        before = len(self._new), len(self._changed)
        done = self._settle_holder(row, row.holder, post, sole) if row.holder else self._settle_vacant(row, post, sole)
        if done and row.deputy is not None:
            done = self._settle_deputy(row, row.deputy, post)
        if not done:  # refused: nothing of the row is kept
            del self._new[before[0] :], self._changed[before[1] :]
            return
        new, changed = self._new[before[0] :], self._changed[before[1] :]
        if any(one.ends is None and not one.is_deputy for one in new):
            self._tally.created += 1
        elif new or changed:
            self._tally.updated += 1
        else:
            self._tally.unchanged += 1

    def _settle_holder(self, row: Wanted, holder: Person, post: Post, sole: bool) -> bool:
        if (post, id(holder)) in self._seen:
            self._refuse(
                row, "post_twice",
                filled(_("This post stands in row %(row)s as well."), row=self._seen[post, id(holder)]),
                _("Keep only one of the two rows."),
            )  # fmt: skip
            return False
        self._seen[post, id(holder)] = row.number
        held = [one for one in self._held[post] if not one.is_deputy]
        same = next((one for one in held if one.in_force and one.account_id == holder.account_id), None)
        if same is not None:
            if (row.organisation and row.organisation != same.organisation) or (
                row.officer_kind and row.officer_kind != same.officer_kind
            ):
                self._changed.append((same, row))
            return True
        if any(not one.in_force for one in held) and (sole or any(one.account_id == holder.account_id for one in held)):
            return self._refuse_coming(row)
        ends = next((one for one in held if one.in_force), None) if sole else None
        self._new.append(New(row, holder, 1 if sole else self._free_seat(post), False, ends))
        return True

    def _settle_vacant(self, row: Wanted, post: Post, sole: bool) -> bool:
        if sole and not any(one.in_force and not one.is_deputy for one in self._held[post]):
            return True
        self._refuse(
            row, "name_empty",
            _("The row names nobody, and the post is held.") if sole else _("The row names nobody."),
            _("Fill in the name, or end the appointment on the page of the place."),
        )  # fmt: skip
        return False

    def _settle_deputy(self, row: Wanted, deputy: Person, post: Post) -> bool:
        seat = self._new[-1].seat if self._new and self._new[-1].row is row else 1
        there = [one for one in self._held[post] if one.is_deputy and one.seat == seat]
        if row.holder is deputy:
            self._refuse(
                row, "deputy_same", _("Holder and deputy are one person."), _("Name another deputy, or none."),
                field="deputy",
            )  # fmt: skip
            return False
        if any(one.in_force and one.account_id == deputy.account_id for one in there):
            return True
        if any(not one.in_force for one in there):
            return self._refuse_coming(row)
        self._new.append(New(row, deputy, seat, True, next(iter(there), None)))
        return True

    def _free_seat(self, post: Post) -> int:
        taken = self._seats.get(post)
        if taken is None:
            taken = self._seats[post] = {one.seat for one in self._held[post] if not one.is_deputy}
        seat = next(seat for seat in range(1, len(taken) + 2) if seat not in taken)
        taken.add(seat)
        return seat

    def _refuse(self, row: Wanted, code: str, message: Text, advice: Text, *, field: str = "name") -> None:
        self._tally.refuse(row.number, field, code, message, advice)

    def _refuse_coming(self, row: Wanted) -> bool:
        self._refuse(
            row, "coming", _("Somebody is appointed to this post from a later time on."),
            _("End that appointment first, or leave the row out."),
        )  # fmt: skip
        return False

    def write(self) -> tuple[int, int]:
        """Carry it out; returns how many appointments are new, and how many posts went from one holder to another."""
        organisations = self._organisations()
        handed = [(one, one.ends) for one in self._new if one.ends is not None]
        db.execute(
            "UPDATE appointment SET until = %s, ended_by = %s WHERE id = ANY(%s)",
            [self._at, self._actor.account_id, [ends.id for _one, ends in handed]],
        )
        self._end_deputies_who_move_up()
        made = db.rows(
            """
            INSERT INTO appointment (account_id, role, place_id, seat, is_deputy, officer_kind, organisation_id, since,
                                     created_at, created_by)
            SELECT n.account, n.role, n.place, n.seat, n.deputy, n.kind, nullif(n.organisation, 0), %s, %s, %s
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::smallint[], %s::boolean[], %s::text[], %s::bigint[])
                AS n (account, role, place, seat, deputy, kind, organisation)
            RETURNING id, role, place_id, seat, is_deputy
            """,
            [
                self._at, self._at, self._actor.account_id,
                [one.person.account_id for one in self._new], [one.row.role.value for one in self._new],
                [one.row.place.id for one in self._new], [one.seat for one in self._new],
                [one.is_deputy for one in self._new],
                ["" if one.is_deputy else one.row.officer_kind for one in self._new],
                [0 if one.is_deputy else organisations.get(one.row.organisation, 0) for one in self._new],
            ],
        )  # fmt: skip
        for held, row in self._changed:
            db.execute(
                "UPDATE appointment SET officer_kind = %s, organisation_id = nullif(%s, 0) WHERE id = %s",
                [
                    row.officer_kind or held.officer_kind,
                    organisations.get(row.organisation or held.organisation, 0), held.id,
                ],
            )  # fmt: skip
        ids = {(role, place, seat, deputy): one for one, role, place, seat, deputy in made}
        for one, ends in handed:
            self._tell(one, ends, ids[one.row.role.value, one.row.place.id, one.seat, one.is_deputy])
        return len(made), len(handed)

    def _end_deputies_who_move_up(self) -> None:
        """Whoever becomes the holder is no longer the deputy of that post."""
        db.execute(
            """
            UPDATE appointment a SET until = %s, ended_by = %s
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS n (account, role, place)
            WHERE a.account_id = n.account AND a.role = n.role AND a.place_id = n.place AND a.is_deputy
              AND a.since <= %s AND (a.until IS NULL OR a.until > %s)
            """,
            [
                self._at, self._actor.account_id, *self._columns(), self._at, self._at,
            ],
        )  # fmt: skip

    def _columns(self) -> tuple[list[int], list[str], list[int]]:
        up = [one for one in self._new if not one.is_deputy]
        return [o.person.account_id for o in up], [o.row.role.value for o in up], [o.row.place.id for o in up]

    def _organisations(self) -> dict[str, int]:
        names = {one.row.organisation for one in self._new} | {row.organisation for _held, row in self._changed}
        names |= {held.organisation for held, _row in self._changed}
        names.discard("")
        db.execute(
            "INSERT INTO organisation (name, created_at) SELECT unnest(%s::text[]), %s ON CONFLICT (name) DO NOTHING",
            [sorted(names), self._at],
        )
        return dict(db.rows("SELECT name, id FROM organisation WHERE name = ANY(%s)", [sorted(names)]))

    def _tell(self, one: New, ends: Held, appointment_id: int) -> None:
        events.publish(
            PostHandedOver(
                role=one.row.role.value, place_id=one.row.place.id, seat=one.seat, extent=one.row.extent,
                from_account=ends.account_id, to_account=one.person.account_id, from_appointment=ends.id,
                to_appointment=appointment_id, at=self._at,
            )
        )  # fmt: skip
