from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linli.site.secrets import SecretsError, find_path, load_secrets


@pytest.fixture(autouse=True)
def _own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINLI_SECRETS", raising=False)


def test_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert load_secrets(tmp_path) == made
    assert len(made.data_keys[1]) == len(made.hash_key) == len(made.journal_key) == 32
    assert len({made.data_keys[1], made.hash_key, made.journal_key}) == 3


def test_first_starts_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_secrets(tmp_path), range(16)))
    assert all(one == found[0] for one in found)
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_a_path_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_SECRETS", str(tmp_path / "elsewhere" / "keys.json"))
    assert load_secrets(tmp_path).path == tmp_path / "elsewhere" / "keys.json"


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"secret_key": "x", "data_keys": {}, "hash_key": "AAAA"}'])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    find_path(tmp_path).write_text(damage)
    with pytest.raises(SecretsError, match="backup"):
        load_secrets(tmp_path)
    assert find_path(tmp_path).read_text() == damage


def test_keys_may_be_added_for_rotation(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    kept = json.loads(made.path.read_text())
    kept["data_keys"]["2"] = kept["hash_key"]
    made.path.write_text(json.dumps(kept))
    assert sorted(load_secrets(tmp_path).data_keys) == [1, 2]
