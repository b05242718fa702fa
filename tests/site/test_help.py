"""Help of the command line: every command explains itself in the user's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import typer
from django.utils import translation

from linli.site import cli, start

Ask = Callable[..., str]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def walk(path: list[str], command: object) -> Iterator[list[str]]:
    yield path
    for name, one in getattr(command, "commands", {}).items():
        yield from walk([*path, name], one)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Ask]:
    monkeypatch.setenv("LINLI_NO_DB", "1")  # the help sets it: put back afterwards
    monkeypatch.setenv("COLUMNS", "200")

    def ask(language: str, *path: str) -> str:
        monkeypatch.setenv("LINLI_LANG", language)
        assert cli.run_command([*path, "--help"]) == 0
        return capsys.readouterr().out

    yield ask
    with translation.override("en"):  # what Typer draws around the texts is kept in its module
        from linli.core.help_texts import translate_help

        translate_help(typer.main.get_command(typer.Typer(callback=lambda: None)))


def test_every_command_is_explained_in_chinese(ask: Ask) -> None:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, cli.RoomGroup)
    context = typer.Context(group)
    start.set_up()
    paths: list[list[str]] = [[]]
    for name in group.list_commands(context):
        paths += walk([name], group.get_command(context, name))
    assert len(paths) > 80
    for path in paths:
        if path == ["manage"]:  # hands everything, --help too, to Django
            continue
        shown = ask("zh", *path)
        assert "用法：linli" in shown
        assert "Usage:" not in shown
        described = [line for line in re.split(r"\n\s*\n", shown)[1:] if "用法：" not in line]
        assert CHINESE.search(described[0]), shown
        assert "Show this message" not in shown


def test_in_english_they_stand_as_written(ask: Ask) -> None:
    shown = ask("en", "rounds", "gaps")
    assert "Who has not been reached, in walking order." in shown
    assert "Options" in shown
    assert not CHINESE.search(shown)


def test_titles_and_texts_are_joined_as_the_language_does(ask: Ask) -> None:
    shown = ask("zh", "import", "outlines")
    assert "轮廓：" in shown
    assert not re.search(r"[\u4e00-\u9fff]\. ", shown)
