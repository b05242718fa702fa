"""Official divisions, province to community, as the statistics bureau publishes them.

A row is created, renamed or found unchanged; rows may come in any order, and a part of the list may come alone. What
is not in the sheet is left as it is. Codes: 2, 4, 6, 9 or 12 digits by level, or always 12 with zeros behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE, Extent
from linli.core.import_rows import Progress, Tally
from linli.core.importers import Outcome, Source
from linli.core.jobs import Run
from linli.core.sheets import Field, Rejection, SheetSpec
from linli.core.spoken import filled
from linli.places import bulk
from linli.places.allocation import Ledger, Row, lock_tree, slots_needed
from linli.places.keys import store_keys
from linli.places.queries.tree import extents_of, get_places_by_code
from linli.places.releases import Division
from linli.places.terms import NAME_LENGTH, Kind, PlaceRef

KIND = "places.import_divisions"
PERMISSION = "places.import"
DIVISIONS_SHEET = SheetSpec(
    (
        Field("code", ("代码", "行政区划代码", "区划代码", "统计用区划代码", "code"), required=True),
        Field("name", ("名称", "行政区划名称", "单位名称", "name"), required=True),
        Field("level", ("级别", "层级", "level"), required=True),
        Field("parent_code", ("上级代码", "父级代码", "parent_code", "parent")),
        Field("code12", ("十二位代码", "12位代码", "code12")),
    ),
    ignored=("序号", "城乡分类代码"),
)
SAMPLE = (
    ("15", "内蒙古自治区", "province", "", ""),
    ("1501", "呼和浩特市", "city", "15", ""),
    ("150102", "新城区", "district", "1501", ""),
    ("150102001", "海拉尔东路街道", "street", "150102", ""),
    ("150102001001", "星火巷社区居委会", "community", "150102001", ""),
)
DIGITS = {Kind.PROVINCE: 2, Kind.CITY: 4, Kind.DISTRICT: 6, Kind.STREET: 9, Kind.COMMUNITY: 12}
ABOVE = {Kind.CITY: Kind.PROVINCE, Kind.DISTRICT: Kind.CITY, Kind.STREET: Kind.DISTRICT, Kind.COMMUNITY: Kind.STREET}
LEVELS = {
    "province": Kind.PROVINCE, "city": Kind.CITY, "district": Kind.DISTRICT, "county": Kind.DISTRICT,
    "street": Kind.STREET, "town": Kind.STREET, "community": Kind.COMMUNITY, "village": Kind.COMMUNITY,
    "省": Kind.PROVINCE, "省级": Kind.PROVINCE, "市": Kind.CITY, "地级": Kind.CITY, "市级": Kind.CITY, "地市":
    Kind.CITY, "区": Kind.DISTRICT, "县": Kind.DISTRICT, "区县": Kind.DISTRICT, "县级": Kind.DISTRICT, "区级":
    Kind.DISTRICT, "街道": Kind.STREET, "乡镇": Kind.STREET, "镇": Kind.STREET, "乡级": Kind.STREET, "街道乡镇":
    Kind.STREET, "社区": Kind.COMMUNITY, "村": Kind.COMMUNITY, "村级": Kind.COMMUNITY, "社区村": Kind.COMMUNITY,
}  # fmt: skip


@dataclass
class Line:
    """One good row: what it says, and the place it stands for once there is one."""

    number: int
    kind: Kind
    code: str
    name: str
    parent_code: str
    place_id: int = 0


def import_divisions(run: Run, source: Source) -> Outcome:
    """The work of the job; one transaction, one journal entry."""
    return load_divisions(source, actor=run.actor, at=run.at, watch=run.progress)


def load_divisions(source: Source, *, actor: Actor, at: datetime, watch: Progress) -> Outcome:
    """Raises SheetProblem, JurisdictionFull, Forbidden (when not one row may be touched, every row says so itself)."""
    tally = Tally(source, at)
    watch(gettext("Reading"), 0, None)
    tally.read(DIVISIONS_SHEET)
    lines = _read_lines(tally)
    with db.owner(), db.atomic():
        lock_tree()
        known = get_places_by_code(
            {line.code for line in lines.values()} | {line.parent_code for line in lines.values()}
        )
        lines = _check_known(tally, lines, known)
        lines = _check_former(tally, lines, known)
        lines = _check_parents(tally, lines, known)
        lines = _check_authority(tally, lines, known, actor, at)
        watch(gettext("Writing"), 0, len(lines))
        fresh = [line for line in lines.values() if line.code not in known]
        _create(fresh, known, at)
        _rename(tally, [line for line in lines.values() if line.code in known], known, at)
        tally.created = len(fresh)
        journal.record(
            actor=actor, at=at, verb=KIND, permission=PERMISSION, key=journal.first_key(actor, PERMISSION),
            subject=source.name[:80], created=tally.created,
            updated=tally.updated, unchanged=tally.unchanged, rejected=len(tally.faults),
        )  # fmt: skip
        watch(gettext("Writing"), len(lines), len(lines))
    return tally.outcome()


def normal_code(text: str, kind: Kind) -> str | None:
    """The code in as many digits as its level has; None when it is not a code of that level."""
    digits = DIGITS[kind]
    if not re.fullmatch("[0-9]{2,12}", text):
        return None
    if len(text) == 12 and kind != Kind.COMMUNITY and not text[digits:].strip("0"):
        text = text[:digits]
    return text if len(text) == digits else None


def _read_lines(tally: Tally) -> dict[str, Line]:
    """Good rows by code. Refuses empty cells, unknown levels, wrong codes, codes given twice, wrong parents' codes."""
    lines: dict[str, Line] = {}
    for number, values in tally.values.items():
        tally.require(number, "code", "name", "level")
        kind = _level_of(tally, number, values.get("level"))
        if values.get("name") and len(values["name"]) > NAME_LENGTH:
            tally.refuse(number, "name", "too_long", _("The name is too long."), _("Shorten it to 120 characters."))
        if kind is None or tally.faults.get(number):
            continue
        code = normal_code(values["code"], kind)
        if code is None:
            tally.refuse(
                number, "code", "code", _("This is not a code of that level."),
                filled(_("A code of this level has %(digits)s digits."), digits=DIGITS[kind]),
            )  # fmt: skip
        elif code in lines:
            tally.refuse(
                number, "code", "code_twice",
                filled(_("The code stands in row %(row)s as well."), row=lines[code].number),
                _("Keep only one of the two rows."),
            )  # fmt: skip
        elif (parent := _parent_code(tally, number, kind, code, values.get("parent_code"))) is not None:
            lines[code] = Line(number, kind, code, values["name"], parent)
    return lines


def _level_of(tally: Tally, number: int, text: str | None) -> Kind | None:
    kind = LEVELS.get((text or "").casefold())
    if text and kind is None:
        tally.refuse(
            number, "level", "level", _("This is no level of divisions."),
            _("Write province, city, district, street or community (省, 市, 区县, 街道, 社区)."),
        )  # fmt: skip
    return kind


def _parent_code(tally: Tally, number: int, kind: Kind, code: str, said: str | None) -> str | None:
    """The code of the parent, which the code begins with; "" for a province. None when the row was refused."""
    if kind == Kind.PROVINCE:
        if said:
            tally.refuse(number, "parent_code", "parent", _("A province stands under nothing."), _("Empty this cell."))
            return None
        return ""
    expected = code[: DIGITS[ABOVE[kind]]]
    given = normal_code(said, ABOVE[kind]) if said else expected
    if given is None:
        tally.refuse(
            number, "parent_code", "parent_level", _("The parent's code is not one of the level above."),
            _("Give the code of the place of the next wider level."),
        )  # fmt: skip
    elif given != expected:
        tally.refuse(
            number, "parent_code", "not_under_parent", _("The code does not begin with the code of the parent."),
            _("Correct the code or the parent's code; to move a place to another parent, use Move on its page."),
        )  # fmt: skip
        return None
    return given


def _check_parents(tally: Tally, lines: dict[str, Line], known: dict[str, PlaceRef]) -> dict[str, Line]:
    """Refuse rows whose parent is neither there nor in the sheet, the wide before the narrow."""
    kept: dict[str, Line] = {}
    for line in sorted(lines.values(), key=lambda line: line.kind):
        parent = known.get(line.parent_code)
        wanted = ABOVE.get(line.kind)
        if (
            not line.parent_code
            or line.parent_code in kept
            or (parent and parent.kind == wanted and not parent.ended_at)
            or (line.kind == Kind.CITY and line.code in known)
        ):
            kept[line.code] = line
        else:
            tally.refuse(
                line.number, "parent_code", "parent_unknown",
                filled(_("The parent %(code)s is not known, and is no good row of this sheet."), code=line.parent_code),
                _("Add a row for it, correct that row, or correct the code."),
            )  # fmt: skip
    return kept


def _check_known(tally: Tally, lines: dict[str, Line], known: dict[str, PlaceRef]) -> dict[str, Line]:
    """Refuse rows that contradict a place already there: another kind, dissolved, or moved to another parent."""
    by_id = {place.id: place for place in known.values()}
    kept = {}
    for line in lines.values():
        place = known.get(line.code)
        parent = known.get(line.parent_code)
        if place is None:
            kept[line.code] = line
        elif place.kind != line.kind or place.ended_at is not None:
            tally.refuse(
                line.number, "code", "code_taken",
                _("The code stands for another place, or for one that was dissolved."),
                _("Check the code; codes are never used twice."),
            )  # fmt: skip
        elif place.parent_id is not None and (parent is None or by_id[parent.id].id != place.parent_id):
            tally.refuse(
                line.number, "parent_code", "moved", _("The place was moved to another parent since."),
                _("Leave the row out, or move the place back on its page."),
            )  # fmt: skip
        else:
            kept[line.code] = line
    return kept


def _check_former(tally: Tally, lines: dict[str, Line], known: dict[str, PlaceRef]) -> dict[str, Line]:
    """Refuse rows of an older list: what bore their code bears another now, and would be made a second time."""
    former = get_places_by_code(lines.keys() - known.keys(), or_old=True)
    for code, place in former.items():
        tally.refuse(
            lines[code].number, "code", "former_code",
            filled(_("%(place)s bore this code before; its code is %(code)s now."), place=place.name, code=place.code),
            _("Import the present list; to go from one list to another, use the change of release with both files."),
        )  # fmt: skip
    return {code: line for code, line in lines.items() if code not in former}


def _check_authority(
    tally: Tally, lines: dict[str, Line], known: dict[str, PlaceRef], actor: Actor, at: datetime
) -> dict[str, Line]:
    """Refuse rows that would change something outside of what the actor may import. Unchanged rows harm nobody."""
    held = actor.extent_for(PERMISSION)
    extents = extents_of([place.id for place in known.values()], at)
    kept = {}
    for line in lines.values():
        place = known.get(line.code)
        anchor: Extent | None = EVERYWHERE
        if place is not None:
            anchor = None if place.name == line.name else extents[place.id]
        elif line.parent_code in known:
            anchor = extents[known[line.parent_code].id]
        elif line.parent_code in kept:
            anchor = None  # its new parent has been allowed
        if anchor is None or (held and anchor and anchor <= held) or held == EVERYWHERE:
            kept[line.code] = line
        else:
            tally.refuse(
                line.number, "code", "forbidden", _("You are not appointed to import places here."),
                _("Ask the office that answers for this place to import the row."),
            )  # fmt: skip
    return kept


_CREATE = """
    INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, doors, created_at)
    SELECT %(kind)s, n.code, n.name, n.sort, n.parent, %(parent_kind)s, 0, %(at)s
    FROM unnest(%(codes)s::text[], %(names)s::text[], %(sorts)s::int[], %(parents)s::bigint[])
        AS n (code, name, sort, parent)
    ORDER BY n.code RETURNING id, code
"""


def _create(fresh: list[Line], known: dict[str, PlaceRef], at: datetime) -> None:
    """New places, layer by layer, then their keys."""
    store_keys(line.name for line in fresh)
    ids = {code: place.id for code, place in known.items()}
    fresh.sort(key=lambda line: (line.kind, line.code))
    for kind in sorted({line.kind for line in fresh}):
        layer = [line for line in fresh if line.kind == kind]
        made = db.rows(
            _CREATE,
            {
                "kind": kind.value,
                "parent_kind": ABOVE[kind].value if kind in ABOVE else None,
                "at": at,
                "codes": [line.code for line in layer],
                "names": [line.name for line in layer],
                "sorts": [int(line.code[-3:]) for line in layer],
                "parents": [ids.get(line.parent_code) for line in layer],
            },
        )
        ids |= {code: place_id for place_id, code in made}
    for line in fresh:
        line.place_id = ids[line.code]
    if fresh:
        _give_keys(fresh, at)
    if len(fresh) > bulk.MANY // 10:
        db.execute("ANALYZE place")  # or what follows is planned for the tables as they were
        db.execute("ANALYZE place_span")


def _give_keys(fresh: list[Line], at: datetime) -> None:
    """Slots for the new places, in order of code, each with room for what came with it."""
    ledger = Ledger.load(at)  # knows the new places already
    needed: dict[str, int] = {}
    below: dict[str, int] = {}
    for line in reversed(fresh):
        needed[line.code] = slots_needed(line.kind, below.get(line.code, 0))
        below[line.parent_code] = below.get(line.parent_code, 0) + needed[line.code]
    rows: list[Row] = [ledger.grant(line.place_id, needed[line.code]) for line in fresh]
    ledger.write()
    reserves = [row for row in rows if row.kind == Kind.COMMUNITY]
    db.execute(
        "UPDATE place p SET lo = n.lo, hi = n.hi"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS n (id, lo, hi) WHERE p.id = n.id",
        [[row.place_id for row in reserves], [row.lo for row in reserves], [row.hi for row in reserves]],
    )


def _rename(tally: Tally, lines: list[Line], known: dict[str, PlaceRef], at: datetime) -> None:
    """Under its old name a renamed place is still found."""
    changed = [line for line in lines if known[line.code].name != line.name]
    tally.updated, tally.unchanged = len(changed), len(lines) - len(changed)
    ids = [known[line.code].id for line in changed]
    store_keys([line.name for line in changed])
    db.execute(
        "INSERT INTO place_alias (place_id, text, until) SELECT id, name, %s FROM place WHERE id = ANY(%s)"
        " ON CONFLICT DO NOTHING",
        [at, ids],
    )
    db.execute(
        "UPDATE place p SET name = n.name FROM unnest(%s::bigint[], %s::text[]) AS n (id, name) WHERE p.id = n.id",
        [ids, [line.name for line in changed]],
    )


def read_release(source: Source, at: datetime) -> tuple[list[Division], list[Rejection]]:
    """The good rows of a release, and what is wrong with the others. Raises SheetProblem."""
    tally = Tally(source, at)
    tally.read(DIVISIONS_SHEET)
    lines = _read_lines(tally)
    return (
        [Division(line.kind, line.code, line.name, line.parent_code) for line in lines.values()],
        [one for number in sorted(tally.faults) for one in tally.faults[number]],
    )


LABEL = _("Divisions")
ABOUT = _(
    "The official list of divisions from province to community: code, name and level of each. Names that changed are"
    " corrected; what is not in the file is left as it is."
)
