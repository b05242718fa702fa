"""Translations without system gettext: compile catalogs, find what is untranslated, keep catalogs tidy.

python -m linli.core.catalogs            compile each .po whose .mo is older (the .mo files are not kept in git)
python -m linli.core.catalogs --check    every marked string of a room is translated in it; nothing fuzzy or left over
python -m linli.core.catalogs --update   add what is missing with an empty translation, drop what is left over
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib

PACKAGE = Path(__file__).resolve().parents[1]
CATALOG = Path("locale/zh_Hans/LC_MESSAGES/django.po")
SHARED_ROOM = "core"
KEYWORDS = {
    "_": None,
    "_lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HOLE = re.compile(r"%\(\w+\)[\d.]*[sdf]|%[sd]|\{\w*\}")


@dataclass(frozen=True, order=True)
class Message:
    """One marked string: what gettext tells apart, and nothing else."""

    text: str
    plural: str = ""
    context: str = ""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the translations, and where."""

    where: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.text!r}"


def list_rooms(package: Path = PACKAGE) -> list[Path]:
    return sorted(path for path in package.iterdir() if (path / "__init__.py").exists())


def compile_stale(package: Path = PACKAGE) -> list[Path]:
    """Compile the catalogs whose compiled form is missing or older; returns those compiled."""
    made: list[Path] = []
    for source in sorted(package.glob("*/locale/*/LC_MESSAGES/django.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        draft = target.with_suffix(f".mo.{os.getpid()}")  # two starts at once must not read half a file
        polib.pofile(str(source)).save_as_mofile(str(draft))
        draft.replace(target)
        made.append(target)
    return made


def extract_room(room: Path) -> dict[Message, str]:
    """Every marked string and help text of a room's Python and templates -> the first place it stands."""
    found: dict[Message, str] = {}
    for path in sorted(room.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            source = path.read_text()
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            source = _as_python(path.read_text(), str(path))
        else:
            continue
        for line, message in _extract(source):
            found.setdefault(message, f"{path.relative_to(room.parent)}:{line}")
        if path.suffix == ".py":
            for line, text in _list_help_texts(source):
                found.setdefault(Message(text), f"{path.relative_to(room.parent)}:{line}")
    return found


def _as_python(template: str, origin: str) -> str:
    from django.utils.translation.template import templatize

    # Babel's extractor tokenises Python: what is left of the page's indentation would be an error to it.
    return "\n".join(line.lstrip() for line in templatize(template, origin=origin).splitlines())


def _extract(source: str) -> Iterator[tuple[int, Message]]:
    from babel.messages.extract import extract

    options = {"encoding": "utf-8"}
    for line, found, _comments, context in extract(
        "python", io.BytesIO(source.encode()), keywords=KEYWORDS, options=options
    ):
        texts = (found,) if isinstance(found, str) else tuple(found)
        if context and texts[0] == context:
            texts = texts[1:]
        yield line, Message(str(texts[0]), str(texts[1]) if len(texts) > 1 else "", context or "")


def _list_help_texts(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the help of commands, which `core.help_texts` says in the user's language."""
    if "typer" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                value = keyword.value
                if keyword.arg == "help" and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.lineno, value.value
        elif isinstance(node, ast.FunctionDef) and _is_command(node):
            text = ast.get_docstring(node)
            if text:
                yield node.lineno, text


def _is_command(function: ast.FunctionDef) -> bool:
    """Decorated as `@app.command()`, or takes arguments that Typer reads: what is registered elsewhere."""
    decorators = (one.func for one in function.decorator_list if isinstance(one, ast.Call))
    named = {one.attr for one in decorators if isinstance(one, ast.Attribute)}
    return bool(named & {"command", "callback"}) or "typer." in ast.unparse(function.args)


def _message_of(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def _load(room: Path) -> polib.POFile:
    path = room / CATALOG
    return polib.pofile(str(path), wrapwidth=0) if path.exists() else polib.POFile(wrapwidth=0)


def _texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def find_faults(package: Path = PACKAGE) -> list[Fault]:
    """Untranslated, fuzzy, left over, doubled, torn placeholders, and one string translated in two ways."""
    faults: list[Fault] = []
    kept = {room.name: _load(room) for room in list_rooms(package)}
    shared = {_message_of(entry) for entry in kept.get(SHARED_ROOM, []) if entry.translated()}
    ways: dict[Message, dict[str, str]] = defaultdict(dict)
    for room in list_rooms(package):
        wanted = extract_room(room)
        catalog = {_message_of(entry): entry for entry in kept[room.name] if not entry.obsolete}
        for message, where in wanted.items():
            if message not in catalog and message not in shared:
                faults.append(Fault(where, "not translated", message.text))
        for message, entry in catalog.items():
            ways[message]["".join(_texts(entry))] = room.name
            faults.extend(Fault(f"{room.name}/{CATALOG}", what, message.text) for what in _wrong(entry))
            if message not in wanted:
                faults.append(Fault(f"{room.name}/{CATALOG}", "left over", message.text))
        faults.extend(
            Fault(f"{room.name}/{CATALOG}", "left over (#~)", entry.msgid)
            for entry in kept[room.name].obsolete_entries()
        )
    for message, translations in ways.items():
        if len(translations) > 1:
            faults.append(Fault(", ".join(sorted(translations.values())), "translated in two ways", message.text))
    return faults


def _wrong(entry: polib.POEntry) -> Iterable[str]:
    if entry.fuzzy:
        yield "fuzzy"
    if not all(_texts(entry)):
        yield "not translated"
        return
    holes = set(HOLE.findall(entry.msgid)) | set(HOLE.findall(entry.msgid_plural or ""))
    for text in _texts(entry):
        if not set(HOLE.findall(text)) <= holes or (not entry.msgid_plural and set(HOLE.findall(text)) != holes):
            yield "placeholders differ"


def update(package: Path = PACKAGE) -> None:
    """Bring every room's catalog to what its sources say: new messages without a translation, left-over ones gone."""
    shared = {_message_of(entry) for entry in _load(package / SHARED_ROOM) if entry.translated()}
    for room in list_rooms(package):
        wanted, catalog = extract_room(room), _load(room)
        kept = {_message_of(entry): entry for entry in catalog if not entry.obsolete}
        if not wanted and not kept:
            continue
        fresh = polib.POFile(wrapwidth=0)
        fresh.metadata = {
            "Language": "zh_Hans",
            "Content-Type": "text/plain; charset=UTF-8",
            "Content-Transfer-Encoding": "8bit",
            "Plural-Forms": "nplurals=1; plural=0;",
        }
        for message in sorted(wanted):
            if message in kept or message not in shared or room.name == SHARED_ROOM:
                fresh.append(kept.get(message) or _empty(message))
        path = room / CATALOG
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.save(str(path))


def _empty(message: Message) -> polib.POEntry:
    plural = {"msgid_plural": message.plural, "msgstr_plural": {0: ""}} if message.plural else {}
    return polib.POEntry(msgid=message.text, msgctxt=message.context or None, **plural)


def main(arguments: list[str]) -> int:
    if arguments == ["--update"]:
        update()
    if arguments == ["--check"]:
        faults = find_faults()
        sys.stdout.writelines(f"{fault}\n" for fault in faults)
        return 1 if faults else 0
    compile_stale()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
