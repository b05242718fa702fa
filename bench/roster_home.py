"""`python -m bench.roster_home FILE.xlsx`: in a new LINLI_HOME the places for a roster of 100,000 rows, and the roster.

Places, buildings and units stand; nobody lives there yet, and no door is known: the import makes the doors.
"""

from __future__ import annotations

import sys
from pathlib import Path

import xlsxwriter

PEOPLE = 100_000
HEADERS = "社区 小区 楼栋 单元 房号 户号 姓名 与户主关系 身份证号 手机号 性别 重点人群"
ACCOUNT = "office"
PASSWORD = "bench-bench-bench"


def main() -> None:
    from linli.site.start import set_up

    set_up()
    from django.conf import settings

    from linli.core import clock, db
    from linli.site.database import migrate_all

    migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)
    with db.owner(), db.atomic():
        _build(Path(sys.argv[1]), clock.now())


def _build(path: Path, at: object) -> None:
    from datetime import datetime

    from linli.duty import services as duty
    from linli.duty.terms import Role
    from linli.site.demo.load import Plan, draw_city, store_divisions, store_places

    assert isinstance(at, datetime)
    divisions, ground, census = draw_city(Plan(people=PEOPLE), at.date())
    ids = store_divisions(divisions, at)
    store_places(ground, ids, at)
    duty.make_first_account(
        username=ACCOUNT, name=ACCOUNT, role=Role.OFFICE, place_id=ids["150102"], password=PASSWORD, at=at
    )
    names = {row.code: row.name for row in divisions}
    door = census.household_door[census.person_household]
    unit = ground.door_of[door]
    building = ground.unit_of[unit]
    shapes = [ground.shapes[index] for index in ground.building_of[building].tolist()]
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, HEADERS.split())
    columns = zip(
        (names[shape.community] for shape in shapes),
        (shape.name for shape in shapes),
        ground.building_name[building],
        ground.unit_name[unit],
        ground.door_number[door],
        census.household_label[census.person_household],
        census.name,
        census.relation,
        census.id_number,
        census.phone,
        ("男" if sex == 1 else "女" for sex in census.sex.tolist()),
        (_words(needs) for needs in census.needs.tolist()),
        strict=True,
    )
    for number, line in enumerate(columns, 1):
        sheet.write_row(number, 0, line)
    book.close()


def _words(needs: int) -> str:
    from linli.residents.terms import Need

    words = {
        Need.ALONE: "独居",
        Need.DISABLED: "残疾",
        Need.CHRONIC: "慢病",
        Need.MEDICINE: "用药",
        Need.PREGNANT: "孕妇",
    }
    return "、".join(word for need, word in words.items() if needs & need)


if __name__ == "__main__":
    main()
