"""The house's own rules of size. The exceptions may only shrink."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES = 400, 500, 50
LONGER_FILES: dict[str, int] = {}
"""path -> lines it has for now."""
LONGER_FUNCTIONS: dict[str, int] = {}
"""path::function -> lines it has for now."""
FRONT = {".ts", ".mts", ".vue", ".js", ".mjs", ".css", ".html", ".sql"}
BUILT = ROOT / "linli/field/static/field"
LEFT_UNDONE = re.compile(r"\b(TODO|FIXME|XXX)\b")


def list_sources() -> list[Path]:
    folders = ("linli", "tests", "scripts", "bench")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def list_front_sources() -> list[Path]:
    """Scripts, styles, components and templates of our own: neither copied nor built."""
    found = [path for folder in ("linli", "scripts") for path in (ROOT / folder).rglob("*") if path.suffix in FRONT]
    return [path for path in found if not {"vendor", "node_modules"} & set(path.parts) and BUILT not in path.parents]


def list_functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_files_are_short() -> None:
    long = {}
    for path in [*list_sources(), *list_front_sources()]:
        is_test = path.is_relative_to(ROOT / "tests") or path.is_relative_to(ROOT / "linli/field/app/tests")
        lines = len(path.read_text().splitlines())
        if lines > LONGER_FILES.get(name_of(path), TEST_FILE_LINES if is_test else FILE_LINES):
            long[name_of(path)] = lines
    assert not long


def test_functions_are_short() -> None:
    long = {}
    for path in list_sources():
        for function, lines in list_functions(ast.parse(path.read_text())):
            name = f"{name_of(path)}::{function}"
            if lines > LONGER_FUNCTIONS.get(name, FUNCTION_LINES):
                long[name] = lines
    assert not long


def test_exceptions_are_still_needed() -> None:
    for name, lines in LONGER_FILES.items():
        assert len((ROOT / name).read_text().splitlines()) == lines, f"{name}: lower its figure, or remove it"
    for name, lines in LONGER_FUNCTIONS.items():
        path, function = name.split("::")
        found = dict(list_functions(ast.parse((ROOT / path).read_text())))
        assert found.get(function) == lines, f"{name}: lower its figure, or remove it"


@pytest.mark.parametrize("folder", ["linli", "tests", "scripts"])
def test_nothing_is_left_undone(folder: str) -> None:
    me = Path(__file__).resolve()
    found = [
        f"{name_of(path)}:{number}"
        for path in [*list_sources(), *list_front_sources()]
        if path.is_relative_to(ROOT / folder) and path != me
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LEFT_UNDONE.search(line)
    ]
    assert not found


OWN = {"models", "views", "forms", "urls", "admin", "handlers", "migrations", "templatetags"}
"""Modules of a room that no other room imports; `site` mounts their addresses. `core` is nobody's room."""


def list_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_rooms_keep_out_of_each_others_insides() -> None:
    trespasses = []
    for path in list_sources():
        room = path.relative_to(ROOT).parts[1] if path.is_relative_to(ROOT / "linli") else "tests"
        for name in list_imports(ast.parse(path.read_text())) if room not in {"tests", "site"} else ():
            words = name.split(".")
            if words[0] == "linli" and len(words) > 2 and words[1] not in {room, "core"} and words[2] in OWN:
                trespasses.append(f"{name_of(path)} imports {name}")
    assert not trespasses


def test_no_catch_all_modules() -> None:
    assert not [path for path in list_sources() if path.name in {"utils.py", "helpers.py", "misc.py", "signals.py"}]
