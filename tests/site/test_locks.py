"""Locked with hashes, and without any download address."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def load_locks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("locks", REPOSITORY / "scripts" / "locks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


locks = load_locks()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (*locks.LOCKS, "package.json", "package-lock.json"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def test_the_locks_are_sound() -> None:
    assert list(locks.find_faults()) == []


def add_address(folder: Path) -> None:
    path = folder / "requirements.lock"
    path.write_text("--index-url https://example.org/simple\n" + path.read_text())


def drop_hashes(folder: Path) -> None:
    path = folder / "requirements.lock"
    path.write_text(path.read_text() + "nothing==1.0\n")


def add_resolved(folder: Path) -> None:
    path = folder / "package-lock.json"
    kept = json.loads(path.read_text())
    next(package for name, package in kept["packages"].items() if name)["resolved"] = "https://example.org/x.tgz"
    path.write_text(json.dumps(kept))


def drop_integrity(folder: Path) -> None:
    path = folder / "package-lock.json"
    kept = json.loads(path.read_text())
    del next(package for name, package in kept["packages"].items() if name)["integrity"]
    path.write_text(json.dumps(kept))


def loosen_version(folder: Path) -> None:
    path = folder / "package.json"
    path.write_text(path.read_text().replace('"echarts": "', '"echarts": "^'))


def forget_to_lock(folder: Path) -> None:
    path = folder / "requirements.lock"
    path.write_text(path.read_text().replace("# inputs: ", "# inputs: 0"))


@pytest.mark.parametrize(
    "damage", [add_address, drop_hashes, add_resolved, drop_integrity, loosen_version, forget_to_lock]
)
def test_the_check_sees_damage(copy: Path, damage: Callable[[Path], None]) -> None:
    assert list(locks.find_faults(copy)) == []
    damage(copy)
    assert list(locks.find_faults(copy))
