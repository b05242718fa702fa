from __future__ import annotations

import os
from pathlib import Path

import pytest

from linli.core import catalogs

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def package(tmp_path: Path) -> Path:
    room = tmp_path / "rooms"
    (room / "templates" / "rooms").mkdir(parents=True)
    (room / "__init__.py").touch()
    (room / "terms.py").write_text('from x import _, ngettext\nA = _("door")\nB = ngettext("%d day", "%d days", 2)\n')
    (room / "templates" / "rooms" / "page.html").write_text(
        '<div>\n    {% translate "it\'s open" %}\n  {% blocktranslate count n=n trimmed %}\n one {{ n }}\n'
        "{% plural %}\n many {{ n }}{% endblocktranslate %}\n</div>"
    )
    (room / catalogs.CATALOG).parent.mkdir(parents=True)
    return tmp_path


def write(package: Path, text: str) -> Path:
    path = package / "rooms" / catalogs.CATALOG
    path.write_text(HEADER + text)
    return path


def list_whats(package: Path) -> list[tuple[str, str]]:
    return sorted((fault.what, fault.text) for fault in catalogs.find_faults(package))


def test_strings_of_python_and_pages_are_found(package: Path) -> None:
    write(package, "")
    assert {message.text for message in catalogs.extract_room(package / "rooms")} == {
        "door",
        "%d day",
        "it's open",
        "one %(n)s",
    }


def test_what_the_core_says_is_not_asked_of_a_room_again(package: Path) -> None:
    core = package / "core"
    (core / catalogs.CATALOG).parent.mkdir(parents=True)
    (core / "__init__.py").touch()
    (core / "terms.py").write_text('from x import _\nA = _("door")\n')
    (core / catalogs.CATALOG).write_text(HEADER + 'msgid "door"\nmsgstr "门户"\n')
    catalogs.update(package)
    assert 'msgid "door"' not in (package / "rooms" / catalogs.CATALOG).read_text()
    assert 'msgstr "门户"' in (core / catalogs.CATALOG).read_text()


def test_help_of_commands_is_found(package: Path) -> None:
    (package / "rooms" / "cli.py").write_text(
        'import typer\nfrom typing import Annotated\napp = typer.Typer(help="Rooms.")\n\n\n@app.command("list")\n'
        'def list_() -> None:\n    """List rooms."""\n\n\n'
        'def show(n: Annotated[int, typer.Argument(help="Which.")]) -> None:\n    """Show one."""\n\n\n'
        'def _help(n: int) -> None:\n    """No command."""\n'
    )
    found = {message.text for message in catalogs.extract_room(package / "rooms")}
    assert {"Rooms.", "List rooms.", "Which.", "Show one."} <= found
    assert "No command." not in found


def test_what_update_leaves_empty_the_check_finds(package: Path) -> None:
    write(package, 'msgid "door"\nmsgstr "门户"\n\nmsgid "gone"\nmsgstr "没了"\n')
    catalogs.update(package)
    text = (package / "rooms" / catalogs.CATALOG).read_text()
    assert "门户" in text
    assert "gone" not in text
    assert list_whats(package) == [
        ("not translated", "%d day"),
        ("not translated", "it's open"),
        ("not translated", "one %(n)s"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('#, fuzzy\nmsgid "door"\nmsgstr "门"\n', ("fuzzy", "door")),
        ('msgid "stale"\nmsgstr "旧"\n', ("left over", "stale")),
        ('#~ msgid "old"\n#~ msgstr "旧"\n', ("left over (#~)", "old")),
        ('msgid "%d day"\nmsgid_plural "%d days"\nmsgstr[0] "%s天"\n', ("placeholders differ", "%d day")),
    ],
)
def test_faults_are_named(package: Path, text: str, fault: tuple[str, str]) -> None:
    write(package, text)
    assert fault in list_whats(package)


def test_one_string_in_two_ways(package: Path) -> None:
    write(package, 'msgid "door"\nmsgstr "门"\n')
    other = package / "other"
    (other / catalogs.CATALOG).parent.mkdir(parents=True)
    (other / "__init__.py").write_text('from x import _\nA = _("door")\n')
    (other / catalogs.CATALOG).write_text(HEADER + 'msgid "door"\nmsgstr "户"\n')
    assert ("translated in two ways", "door") in list_whats(package)


def test_only_stale_catalogs_are_compiled(package: Path) -> None:
    path = write(package, 'msgid "door"\nmsgstr "门"\n')
    assert catalogs.compile_stale(package) == [path.with_suffix(".mo")]
    assert catalogs.compile_stale(package) == []
    later = path.with_suffix(".mo").stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    assert len(catalogs.compile_stale(package)) == 1
