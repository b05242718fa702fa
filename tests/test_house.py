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


OFFERED = {"services", "queries", "terms", "errors", "bulk", "events"}
"""What other rooms use of a room. `site` knows all of every room, and `core` is nobody's room."""
OFFERED_BESIDES = {
    "places": {"datums", "drawing", "facets", "field", "policies"},
    "residents": {"field_pack", "register", "whereabouts"},
    "duty": {"authority", "cli", "history"},
    "accounts": {"entry", "passkeys"},
}
"""Further modules that other rooms use: what each is for stands at its head. The list may only shrink."""


def list_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def list_borrowed() -> Iterator[tuple[Path, str, str]]:
    """(file, other room, module of it) for whatever a room imports of another."""
    for path in (ROOT / "linli").rglob("*.py"):
        room = path.relative_to(ROOT / "linli").parts[0]
        for name in list_imports(ast.parse(path.read_text())) if room != "site" else ():
            words = name.split(".")
            if words[0] == "linli" and len(words) > 2 and words[1] not in {room, "core"}:
                yield path, words[1], words[2]


def test_rooms_keep_out_of_each_others_insides() -> None:
    borrowed = list(list_borrowed())
    assert not [
        f"{name_of(path)} imports {module} of {room}"
        for path, room, module in borrowed
        if module not in OFFERED | OFFERED_BESIDES.get(room, set())
    ]
    used = {(room, module) for _, room, module in borrowed}
    unused = [(room, one) for room, modules in OFFERED_BESIDES.items() for one in modules if (room, one) not in used]
    assert not unused, "nobody uses it any more: take it off the list"


OWNED = re.compile(r"""db_table = "(\w+)"|CREATE TABLE (\w+)""")


@pytest.mark.parametrize("models", sorted((ROOT / "linli").glob("*/models.py")), ids=lambda path: path.parent.name)
def test_a_room_names_its_tables(models: Path) -> None:
    """Whoever opens a room reads first what it owns."""
    sources = [models, *models.parent.glob("sql/*.sql")]
    owned = {"".join(found) for path in sources for found in OWNED.findall(path.read_text())}
    said = ast.get_docstring(ast.parse((models.parent / "__init__.py").read_text())) or ""
    assert owned
    assert not owned - set(re.findall(r"`(\w+)`", said))


def test_no_catch_all_modules() -> None:
    assert not [path for path in list_sources() if path.name in {"utils.py", "helpers.py", "misc.py", "signals.py"}]
