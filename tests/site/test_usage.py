"""Wrong use of the command line, in both languages: each sentence as Typer itself comes to it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import translation

from linli.site import cli, usage

Use = Callable[..., str]
WORD = re.compile(r"[A-Za-z]{3,}")
WRONG = {
    "No such option: %(name)s (Possible options: %(names)s)": ["rounds", "gaps", "R1", "--neeed", "ill"],
    "No such option: %(name)s": ["doctor", "--zzz"],
    "No such command '%(name)s'. Did you mean %(names)s?": ["places", "serch"],
    "No such command '%(name)s'.": ["zzzzz"],
    "Missing argument '%(name)s'.": ["places", "codes"],
    "Missing option '%(name)s'.": ["accounts", "token", "zzz"],
    "Got unexpected extra argument(s) (%(names)s)": ["doctor", "zzz"],
    "Option '%(name)s' does not take a value.": ["doctor", "--json=1"],
    "Option '%(name)s' requires an argument.": ["run", "--port"],
    "Input should be a valid integer, unable to parse string as an integer": ["run", "--port", "abc"],
    "Input should be greater than or equal to %(least)s": ["run", "--port", "0"],
    "Input should be less than or equal to %(most)s": ["run", "--port", "70000"],
    "Input should be a valid UUID, %(why)s": ["rounds", "undo", "R1", "zzz", "--person", "1"],
    "Value error, '%(value)s' is not one of %(names)s.": ["rounds", "create", "R1", "--place", "1", "--kind", "zzz"],
    "file '%(path)s' does not exist.": ["places", "release", "{here}/none.csv", "{here}/a.csv"],
    "file '%(path)s' is a directory.": ["places", "release", "{here}", "{here}/a.csv"],
    "file '%(path)s' is not readable.": ["places", "release", "{here}/a.csv", "{here}/a.csv"],
}


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Use:
    monkeypatch.setenv("LINLI_NO_DB", "1")
    monkeypatch.setenv("LINLI_AS", "")
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "a.csv").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # for root every file is readable

    def use(language: str, *arguments: str) -> str:
        monkeypatch.setenv("LINLI_LANG", language)
        with translation.override("en" if language == "en" else "zh-hans"):
            assert cli.run_command([one.format(here=tmp_path) for one in arguments]) == cli.USAGE
        return capsys.readouterr().err

    return use


@pytest.mark.parametrize("sentence", WRONG)
def test_what_is_wrong_is_said_in_both_languages(use: Use, sentence: str, tmp_path: Path) -> None:
    english = use("en", *WRONG[sentence])
    form = usage._form_of(usage.SHORTER.get(sentence, sentence))
    assert form.search(english.replace("\n", " ")), english
    *head, wrong, advice, _end = use("zh", *WRONG[sentence]).split("\n")
    assert all(line.startswith("用法：linli ") for line in head)
    assert re.fullmatch(r"  → linli [a-z ]*--help", advice)
    said = wrong.removeprefix("linli: ").replace(str(tmp_path), "")
    given = {
        *WORD.findall(" ".join(WRONG[sentence])),
        "--needed",
        *WORD.findall("NAME CODE OLD csv none search need round old scope visit test kit custom UUID MARK"),
    }
    assert [word for word in WORD.findall(said) if word not in given] == [], said
    assert re.search(r"[\u4e00-\u9fff]", said)


def test_every_sentence_is_provoked() -> None:
    assert {*WRONG, "Invalid value for '%(name)s': %(message)s"} == set(usage.SENTENCES)


def test_what_a_command_of_ours_found_wrong_stands_as_it_is(use: Use) -> None:
    assert "linli: Give both --role and --place.\n" in use("en", "accounts", "create", "a", "--role", "office")
    assert "linli: --role 和 --place 须同时给出。\n" in use("zh", "accounts", "create", "a", "--role", "office")


def test_a_group_without_a_command_shows_its_help(use: Use) -> None:
    assert "linli: " not in use("zh", "places")


def test_a_sentence_that_is_not_known_is_shown() -> None:
    assert usage.say("Something else is wrong.") == "Something else is wrong."
