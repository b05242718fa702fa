"""From one release of the divisions to the next: what is told by the files is done, the rest is said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from linli.core.access import SYSTEM
from linli.core.importers import Source
from linli.places import queries, services
from linli.places.errors import PlaceUnknown
from linli.places.imports.divisions import load_divisions, read_release
from linli.places.releases import Became, By, Division, compare
from linli.places.services.releases import Migration
from linli.places.terms import Kind
from tests.builders.duty import actor_for, make_account
from tests.builders.places import AT

LATER = AT + timedelta(days=900)
HEAD = "code,parent_code,level,name\n"
OLD = (
    HEAD
    + """15,,province,内蒙古自治区
1501,15,city,呼和浩特市
150101,1501,district,市辖区
150102,1501,district,新城区
150125,1501,district,西郊区
150102001,150102,street,东街街道
150102002,150102,street,祖庵镇
150102003,150102,street,老城街道
150102004,150102,street,新华街道
150125001,150125,street,西站街道
150102001001,150102001,community,甲社区
150102001002,150102001,community,乙社区
150102002001,150102002,community,丙社区
150102002002,150102002,community,丁社区
150102003001,150102003,community,戊社区
150102003002,150102003,community,己社区
150102004001,150102004,community,庚社区
150102004002,150102004,community,辛社区
150125001001,150125001,community,站前社区
"""
)
# 西郊区 has another code; 祖庵镇 is a street office under another code; 老城街道 was renamed, also its code, and its
# children tell; 新华街道 was split between two; one community is new and one is renamed.
NEW = (
    HEAD
    + """15,,province,内蒙古自治区
1501,15,city,呼和浩特市
150102,1501,district,新城区
150106,1501,district,西郊区
150102001,150102,street,东街街道
150102012,150102,street,祖庵街道
150102013,150102,street,鼓楼街道
150106001,150106,street,西站街道
150102001001,150102001,community,甲社区
150102001002,150102001,community,乙字社区
150102001003,150102001,community,新增社区
150102012001,150102012,community,丙社区
150102012002,150102012,community,丁社区
150102013001,150102013,community,戊社区
150102013002,150102013,community,己社区
150102001004,150102001,community,庚社区
150102012003,150102012,community,辛社区
150106001001,150106001,community,站前社区
1502,15,city,包头市
"""
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(OLD)
    new.write_text(NEW)
    return old, new


def read(path: Path) -> list[Division]:
    return [
        Division({"province": Kind.PROVINCE, "city": Kind.CITY, "district": Kind.DISTRICT, "street": Kind.STREET,
                  "community": Kind.COMMUNITY}[level], code, name, parent)
        for code, parent, level, name in (line.split(",") for line in path.read_text().splitlines()[1:])
    ]  # fmt: skip


def test_compared(files: tuple[Path, Path]) -> None:
    found = compare(read(files[0]), read(files[1]))
    by = {pair.old.name: (pair.by, pair.new.code) for pair in found.pairs}
    assert by["东街街道"] == (By.CODE, "150102001")
    assert by["西郊区"] == (By.NAME, "150106")
    assert by["西站街道"] == (By.NAME, "150106001")
    assert by["祖庵镇"] == (By.STEM, "150102012")
    assert by["老城街道"] == (By.CHILDREN, "150102013")
    assert by["戊社区"] == (By.NAME, "150102013001")
    assert {pair.old.name for pair in found.pairs if pair.parent_moved} == {"庚社区", "辛社区"}
    assert by["庚社区"] == (By.AROUND, "150102001004")
    assert [one.name for one in found.gone] == ["市辖区", "新华街道"]
    assert found.hints["150102004"] == "东街街道 1、祖庵街道 1"
    assert [one.name for one in found.added] == ["新增社区"]
    assert found.outside == 1


def test_a_name_that_stands_twice_is_not_followed() -> None:
    """Two streets are split; of the communities only the one whose name is the only one can be told."""
    head = [Division(Kind.CITY, "1501", "市", ""), Division(Kind.DISTRICT, "150102", "区", "1501")]
    olds = [Division(Kind.STREET, f"15010200{n}", f"旧{n}街道", "150102") for n in (1, 2)]
    news = [Division(Kind.STREET, f"15010201{n}", f"新{n}街道", "150102") for n in (1, 2)]

    def communities(*ones: tuple[str, str]) -> list[Division]:
        return [Division(Kind.COMMUNITY, f"{code}00{n}", name, code) for n, (code, name) in enumerate(ones)]

    old = communities(("150102001", "同名社区"), ("150102001", "独名社区"), ("150102002", "同名社区"))
    new = communities(("150102011", "同名社区"), ("150102012", "独名社区"), ("150102012", "另名社区"))
    found = compare([*head, *olds, *old], [*head, *news, *new])
    assert [pair.old.name for pair in found.pairs if pair.by == By.AROUND] == ["独名社区"]


@pytest.mark.django_db
def test_follows_into_a_street_that_is_new(tmp_path: Path) -> None:
    """A street is split: the new one is made first, then what goes over keeps its doors."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    head = (
        HEAD
        + "15,,province,内蒙古自治区\n1501,15,city,呼和浩特市\n150102,1501,district,新城区\n"
        + "150102001,150102,street,东街街道\n"
    )
    old.write_text(head + "150102001001,150102001,community,甲社区\n150102001002,150102001,community,乙社区\n")
    new.write_text(
        head + "150102002,150102,street,新街街道\n150102001001,150102001,community,甲社区\n"
        "150102002001,150102002,community,乙社区\n"
    )
    load_divisions(Source(old, "old.csv"), actor=SYSTEM, at=AT, watch=lambda *_: None)
    before = queries.get_place("150102001002")
    done = migrate((old, new), dry_run=False)
    assert done.count_became() == {"same": 5, "recoded": 1, "moved": 1, "added": 1}
    after = queries.get_place("150102002001")
    assert (after.id, after.lo) == (before.id, before.lo)
    assert [place.name for place in queries.path_of(after.id, LATER)][-1] == "新街街道"


def migrate(files: tuple[Path, Path], *, dry_run: bool) -> Migration:
    olds, news = (read_release(Source(path, path.name), LATER)[0] for path in files)
    return services.migrate_divisions(old=olds, new=news, dry_run=dry_run, actor=SYSTEM, at=LATER)


@pytest.mark.django_db
def test_migrated(files: tuple[Path, Path]) -> None:
    load_divisions(Source(files[0], "old.csv"), actor=SYSTEM, at=AT, watch=lambda *_: None)
    zuan = queries.get_place("150102002")
    tried = migrate(files, dry_run=True)
    assert queries.find_place("150102012") is None
    done = migrate(files, dry_run=False)
    assert [line.result for line in tried.lines] == [line.result for line in done.lines]
    assert queries.get_place("150102012").id == zuan.id
    assert queries.get_place("150102012").name == "祖庵街道"
    assert [alias.text for alias in queries.list_aliases(zuan.id)] == ["150102002", "祖庵镇"]
    found = queries.search_places("150102002", actor=SYSTEM, at=LATER)
    assert zuan.id in [place.id for place in found]
    assert queries.get_place("150102001003").name == "新增社区"
    assert queries.get_place("150102013").name == "鼓楼街道"
    assert [place.name for place in queries.path_of(queries.get_place("150106001001").id, LATER)][-2:] == [
        "西郊区",
        "西站街道",
    ]
    left = {line.old.name for line in done.lines if line.result == "rejected" and line.old}
    assert {"市辖区", "新华街道"} <= left
    assert all(line.what and line.advice for line in done.lines if line.result == "rejected")
    became = {line.old.name: line.became for line in done.lines if line.old}
    assert became["西郊区"] == (Became.RECODED,)
    assert became["祖庵镇"] == became["老城街道"] == (Became.RECODED, Became.RENAMED)
    assert became["庚社区"] == became["辛社区"] == (Became.MOVED, Became.RECODED)
    assert became["新华街道"] == (Became.SPLIT,)
    assert became["市辖区"] == (Became.GONE,)
    assert done.count_became()["added"] == 1
    again = migrate(files, dry_run=False)
    assert (again.count("created"), again.count("updated")) == (0, 0)


@pytest.mark.django_db
def test_old_codes_stand_for_the_place_that_bore_them(files: tuple[Path, Path]) -> None:
    """In addresses, over the API, at the terminal and in sheets; the search has always found them."""
    load_divisions(Source(files[0], "old.csv"), actor=SYSTEM, at=AT, watch=lambda *_: None)
    zuan = queries.get_place("150102002")
    migrate(files, dry_run=False)
    assert queries.get_place("150102002") == queries.get_place("150102012")
    assert queries.get_places_by_code(["150102002"]) == {}
    assert queries.get_places_by_code(["150102002"], or_old=True)["150102002"].id == zuan.id
    with pytest.raises(PlaceUnknown):
        queries.get_place("祖庵镇")  # a name may stand for several, one day
    other = queries.get_place("150102013")
    services.add_alias(place_id=other.id, text="150102002", actor=SYSTEM, at=LATER)
    with pytest.raises(PlaceUnknown):
        queries.get_place("150102002")  # of two it cannot be told
    assert queries.get_places_by_code(["150102002"], or_old=True) == {}
    new = services.add_division(
        kind=Kind.STREET, code="150102002", name="另一街道", parent_id=other.parent_id, actor=SYSTEM, at=LATER
    )
    assert queries.get_place("150102002").id == new.id  # who bears it now comes first


@pytest.mark.django_db
def test_lines_of_other_cities_are_outside(files: tuple[Path, Path]) -> None:
    """The lists of the whole country will do."""
    load_divisions(Source(files[0], "old.csv"), actor=SYSTEM, at=AT, watch=lambda *_: None)
    alone = migrate(files, dry_run=True)
    for path in files:
        path.write_text(path.read_text() + "61,,province,陕西省\n6101,61,city,西安市\n610102,6101,district,新城区\n")
    with_others = migrate(files, dry_run=True)
    assert with_others.lines == alone.lines
    assert with_others.outside == alone.outside + 3


@pytest.mark.django_db
def test_lines_of_districts_that_the_register_leaves_out_are_outside(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A register of one district does not ask to decide about the others."""
    one = tmp_path / "one.csv"
    one.write_text("\n".join(line for line in OLD.splitlines() if "150101" not in line and "150125" not in line))
    load_divisions(Source(one, "one.csv"), actor=SYSTEM, at=AT, watch=lambda *_: None)
    done = migrate(files, dry_run=False)
    assert [line.old.name for line in done.lines if line.result == "rejected" and line.old] == ["新华街道"]


@pytest.mark.django_db
def test_changes_only_what_one_answers_for(files: tuple[Path, Path]) -> None:
    """A sheet that recodes, renames or moves what lies elsewhere is refused line by line."""
    load_divisions(Source(files[0], "old.csv"), actor=SYSTEM, at=AT, watch=lambda *_: None)
    office = make_account(username="office", role="office", place=queries.get_place("150102002"))
    olds, news = (read_release(Source(path, path.name), LATER)[0] for path in files)
    done = services.migrate_divisions(
        old=olds, new=news, dry_run=False, actor=actor_for(office, LATER), at=LATER
    )  # fmt: skip
    changed = {line.new.name for line in done.lines if line.result in ("created", "updated") and line.new}
    assert changed == {"祖庵街道", "丙社区", "丁社区"}
    assert queries.find_place("150106") is None
    refused = {line.old.name for line in done.lines if line.became == (Became.REFUSED,) and line.old}
    assert {"西郊区", "老城街道", "乙社区"} <= refused


REAL = Path(__file__).parents[3] / "shared" / "data" / "divisions"


@pytest.mark.django_db
@pytest.mark.skipif(not REAL.exists(), reason="the real releases are not here")
@pytest.mark.parametrize(
    ("city", "counts"), [("hohhot", (10, 2, 99, 2)), ("xian", (0, 6, 181, 1)), ("xining", (0, 2, 87, 1))]
)
def test_real_releases(city: str, counts: tuple[int, ...]) -> None:
    """June 2020 to June 2023, down to the street."""
    old, new = REAL / f"divisions_2020_{city}.csv", REAL / "divisions_2023_to_street.csv"
    load_divisions(Source(old, old.name), actor=SYSTEM, at=AT, watch=lambda *_: None)
    done = migrate((old, new), dry_run=False)
    assert tuple(done.count(result) for result in ("created", "updated", "unchanged", "rejected")) == counts
    assert "市辖区" in {line.old.name for line in done.lines if line.result == "rejected" and line.old}
