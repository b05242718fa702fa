"""The cleaners: examples from sheets as offices keep them, and properties."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.core.sheets import (
    CellFault,
    Kind,
    clean,
    clean_birth_date,
    clean_date,
    clean_id_number,
    clean_integer,
    clean_name,
    clean_phone,
    clean_text,
    id_number_birth_date,
    id_number_checksum_ok,
    id_number_is_male,
    id_number_looks_rounded,
)
from linli.core.sheets.export import csv_cell

CELLS = st.one_of(
    st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.dates(), st.datetimes(), st.just("")
)
WIDE = {ord("0") + i: chr(0xFF10 + i) for i in range(10)} | {ord("X"): "Ｘ"}


def fault(function: Any, value: Any, **options: Any) -> str:
    with pytest.raises(CellFault) as caught:
        function(value, **options)
    assert str(caught.value.message)
    assert str(caught.value.advice)
    return caught.value.code


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None),
        (None, None),
        ("　 \u200b", None),
        ("１０１", "101"),
        ("Ａ座", "A座"),
        ("３－２－１０１", "3-2-101"),
        (" 锦绣\u00a0 家园\u200b ", "锦绣 家园"),
        ("王（大）", "王（大）"),
        ("a\r\nb", "a b"),
        (1.0, "1"),
        (1.5, "1.5"),
        (7, "7"),
        (True, "TRUE"),
        (date(2022, 10, 4), "2022-10-04"),
        (datetime(2022, 10, 4, 5, 6), "2022-10-04 05:06:00"),  # noqa: DTZ001
        ("'=1+1", "=1+1"),
        ("'0101", "0101"),
        ("'tis", "'tis"),
        ("O'Neill", "O'Neill"),
    ],
)
def test_text(cell: Any, value: str | None) -> None:
    assert clean_text(cell) == value


@pytest.mark.parametrize("cell", [1.5e17, 10**15, float("inf"), float("nan"), -1e20])
def test_text_of_a_number_that_lost_digits(cell: float) -> None:
    assert fault(clean_text, cell) == "number_precision"


def test_names() -> None:
    assert clean_name("王　芳") == "王芳"
    assert clean_name("John  Smith") == "John Smith"
    assert clean_name("阿依古丽•买买提") == "阿依古丽·买买提"
    assert fault(clean_name, "王芳1") == "name"


def test_numbers() -> None:
    assert clean_integer("１２") == 12
    assert clean_integer(3.0) == 3
    assert fault(clean_integer, "三") == "integer"
    assert fault(clean_integer, 1.5) == "integer"


@pytest.mark.parametrize(
    "cell",
    [
        date(2022, 10, 4),
        datetime(2022, 10, 4, 5, 6),  # noqa: DTZ001
        "2022-10-04",
        "2022-10-4",
        "2022/10/4",
        "2022.10.04",
        "2022年10月4日",
        "２０２２年１０月４日",
        " 2022年10月4号 ",
        "2022-10-04T05:06:00",
        "2022-10-04 05:06",
        "20221004",
        20221004,
        20221004.0,
        44838,
        44838.5,
    ],
)
def test_dates(cell: Any) -> None:
    assert clean_date(cell) == date(2022, 10, 4)


@pytest.mark.parametrize("cell", ["10/4/2022", "2022-10", "昨天", "2022-10/04", 1980, 7, "44838", 1.5, True])
def test_what_would_have_to_be_guessed_is_no_date(cell: Any) -> None:
    assert fault(clean_date, cell) == "date"


def test_days_that_do_not_exist() -> None:
    assert fault(clean_date, "2022-02-30") == "date_impossible"
    assert fault(clean_date, "20221301") == "date_impossible"
    assert fault(clean_birth_date, "1850-01-01") == "birth_date"
    assert fault(clean_birth_date, "2022-10-05", on=date(2022, 10, 4)) == "birth_date"
    assert clean_birth_date("2022-10-04", on=date(2022, 10, 4)) == date(2022, 10, 4)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (1.1e17, "number_precision"),
        (150102198003071240, "number_precision"),
        ("1.1E+17", "number_precision"),
        ("1.50102E+17", "number_precision"),
        ("１.1e17", "number_precision"),
        ("150102800307124", "id_number_old"),
        ("15010219800307124", "id_number_length"),
        ("1501021980030712401", "id_number_length"),
        (12345, "id_number_length"),
        ("E12345678", "id_number"),
        ("150102198002301241", "birth_date"),
        ("150102180003071241", "birth_date"),
        ("150102203003071241", "birth_date"),
    ],
)
def test_bad_id_numbers(cell: Any, code: str) -> None:
    assert fault(clean_id_number, cell, on=date(2022, 10, 4)) == code


@pytest.mark.parametrize(
    "cell",
    [
        "15010219800307124X",
        "15010219800307124x",
        "１５０１０２１９８００３０７１２４Ｘ",
        " 150102 19800307 124X\t",
        "'15010219800307124X",
    ],
)
def test_id_numbers(cell: str) -> None:
    number = clean_id_number(cell)
    assert number == "15010219800307124X"
    assert id_number_birth_date(number) == date(1980, 3, 7)
    assert not id_number_is_male(number)


def test_check_digits() -> None:
    assert id_number_checksum_ok("11010519491231002X")  # the example of the standard
    assert not id_number_checksum_ok("110105194912310021")
    assert not id_number_checksum_ok("1101051949123100")
    assert id_number_looks_rounded("150102198003071000") is not id_number_checksum_ok("150102198003071000")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("13947112345", "13947112345"),
        (13947112345, "13947112345"),
        (13947112345.0, "13947112345"),
        ("139 4711 2345", "13947112345"),
        ("139-4711-2345", "13947112345"),
        ("+86 13947112345", "13947112345"),
        ("'+8613947112345", "13947112345"),
        ("0086-13947112345", "13947112345"),
        ("１３９４７１１２３４５", "13947112345"),
        ("0471-6912345", "0471-6912345"),
        ("(0471)6912345", "0471-6912345"),
        ("（0471）6912345", "0471-6912345"),
        ("04716912345", "0471-6912345"),
        ("+86 0471 6912345", "0471-6912345"),
        ("010-62345678", "010-62345678"),
        ("0471-6912345转123", "0471-6912345-123"),
        ("0471-6912345-123", "0471-6912345-123"),
        ("400-123-4567", "400-1234567"),
        ("", None),
    ],
)
def test_phones(cell: Any, value: str | None) -> None:
    assert clean_phone(cell) == value


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("6912345", "phone_area_code"),
        ("1394711234", "phone"),
        ("12947112345", "phone"),
        ("13947112345/13847112345", "phone_several"),
        ("13947112345、0471-6912345", "phone_several"),
        ("13947112345 13847112345", "phone_several"),
        ("1.39E+10", "number_precision"),
        ("无", "phone"),
        (4716912345, "phone"),
    ],
)
def test_bad_phones(cell: Any, code: str) -> None:
    assert fault(clean_phone, cell) == code


@given(CELLS, st.sampled_from(Kind))
def test_a_cleaner_gives_a_value_or_a_fault_and_is_idempotent(cell: Any, kind: Kind) -> None:
    try:
        value = clean(cell, kind)
    except CellFault:
        return
    assert clean(value, kind) == value


@given(st.text())
def test_text_holds_nothing_unseen(cell: str) -> None:
    value = clean_text(cell)
    if value is not None:
        assert value == value.strip() != ""
        assert "  " not in value
        assert not any(0xFF10 <= ord(char) <= 0xFF19 or char in "\u200b\ufeff\u00a0\t\r\n" for char in value)


@given(st.dates(min_value=date(1927, 6, 1), max_value=date(2100, 1, 1)))
def test_every_way_to_write_a_day_is_the_same_day(day: date) -> None:
    written = (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        int(f"{day:%Y%m%d}"),
        (day - date(1899, 12, 30)) // timedelta(days=1),
        f"{day.year}.{day.month:02}.{day.day:02}".translate(WIDE),
    )
    assert {clean_date(cell) for cell in written} == {day}


@given(
    st.dates(min_value=date(1900, 1, 1), max_value=date(2022, 1, 1)), st.integers(100000, 999999), st.integers(0, 999)
)
def test_id_numbers_round_trip_and_any_wrong_digit_breaks_the_check(day: date, region: int, order: int) -> None:
    stem = f"{region}{day:%Y%m%d}{order:03}"
    (number,) = [stem + check for check in "0123456789X" if id_number_checksum_ok(stem + check)]
    assert clean_id_number(number.translate(WIDE)) == number
    assert id_number_birth_date(number) == day
    wrong = str((int(number[3]) + 1) % 10)
    assert not id_number_checksum_ok(number[:3] + wrong + number[4:])
    if not number.endswith("X"):
        assert fault(clean_id_number, int(number)) == "number_precision"
        assert fault(clean_id_number, float(number)) == "number_precision"


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"]), min_size=1)
)
def test_what_csv_export_quotes_comes_back(value: str) -> None:
    if value[0] not in "'＝＋－＠":
        assert clean_text(csv_cell(value)) == clean_text(value)


@pytest.mark.parametrize(
    "word", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", " #n/a ", "Err:502"]
)
@pytest.mark.parametrize("kind", list(Kind))
def test_an_error_of_the_spreadsheet_is_refused_by_its_name(word: str, kind: Kind) -> None:
    with pytest.raises(CellFault) as refused:
        clean(word, kind)
    assert refused.value.code == "cell_error"
    assert word.strip().upper() in str(refused.value.message)
    assert clean_text("#3") == "#3"
