"""What is wrong with a field of the API is said in the reader's language, whatever the fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from ninja import Schema
from pydantic import ValidationError

from linli.core.validation import WORDS, say_fault
from linli.site import urls
from tests.builders.duty import make_account
from tests.builders.places import make_district

JUNK: tuple[Any, ...] = (
    None, [], {}, "", "x", "x" * 20_000, -1, 10**30, 3.5, True, "2022-13-45", "2022-01-01T99:00", "2022-10-04T08:00",
    float("nan"), "9" * 5_000, [1], ["x"], [[]] * 201, {"a": 1}, b"\xff",
)  # fmt: skip


def schemas() -> Iterator[type[Schema]]:
    assert urls.urlpatterns, "every room's API is there"
    waiting = [Schema]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__.startswith("linli."):
                yield one


def fields_of(schema: type[Schema], tried: set[str]) -> Iterator[str]:
    """Those of a kind that was not tried yet: hundreds of fields are of some fifty kinds."""
    for name, field in schema.model_fields.items():
        kind = f"{field.annotation} {field.metadata}"
        if kind not in tried:
            tried.add(kind)
            yield name


def faults() -> Iterator[dict[str, Any]]:
    tried: set[str] = set()
    for schema in schemas():
        for sent in ({}, [], 1, *({name: junk} for name in fields_of(schema, tried) for junk in JUNK)):
            try:
                schema.model_validate(sent)
            except ValidationError as error:
                yield from error.errors()  # type: ignore[misc]


def test_every_fault_has_words_in_both_languages() -> None:
    found = {fault["type"]: fault for fault in faults()}
    assert len(found) > 20
    assert found.keys() <= WORDS.keys(), "give the new ones words in linli/core/validation.py"
    for kind, fault in found.items():
        with translation.override("zh-hans"):
            chinese = say_fault(fault)
        with translation.override("en"):
            english = say_fault(fault)
        assert re.search("[一-鿿]", chinese), kind
        assert not re.search("[一-鿿]|%", english), kind


def test_one_that_is_not_known_keeps_its_sentence() -> None:
    assert say_fault({"type": "of_next_year", "msg": "Input is odd"}) == "Input is odd"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "limit：不能大于 500"), ("en", "limit: has to be 500 or less")]
)
def test_the_api_answers_so(language: str, said: str, client: Client) -> None:
    client.force_login(make_account(role="office", place=make_district().communities[0]))
    answer = client.get("/api/residents/people?place=1&limit=501", headers={"Accept-Language": language})
    assert answer.status_code == 422
    assert answer.json()["title"] == said
