from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connections

from linli.core import db
from linli.site.doctor import Finding, examine, print_report


def find(check: str) -> list[Finding]:
    return [found for found in examine() if found.check == check]


@pytest.fixture
def healthy(settings: object, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.touch(mode=0o600)
    settings.LINLI_SECRETS_PATH = secrets  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = ["127.0.0.1"]  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.usefixtures("healthy")
def test_a_sound_installation_has_no_failure() -> None:
    assert [found for found in examine() if found.state == "fail"] == []
    assert not [found for found in examine() if found.state != "ok" and not found.mend]


@pytest.mark.django_db
def test_keys_that_others_may_read(settings: object, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.touch()
    secrets.chmod(0o644)
    settings.LINLI_SECRETS_PATH = secrets  # type: ignore[attr-defined]
    (found,) = find("secrets")
    assert (found.state, found.mend) == ("fail", f"chmod 600 {secrets}")


@pytest.mark.django_db
def test_debug_and_hosts_without_https(settings: object) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = ["linli.example.cn"]  # type: ignore[attr-defined]
    assert [found.state for found in find("debug")] == ["fail"]
    assert [found.state for found in find("https")] == ["warn"]


@pytest.mark.django_db
def test_a_table_granted_without_a_word() -> None:
    db.execute("CREATE TABLE slipped (name text)")
    db.execute("GRANT SELECT ON slipped TO linli_web")
    (found,) = find("wall")
    assert (found.state, found.detail) == ("fail", "slipped")


@pytest.mark.django_db
def test_a_web_role_that_may_create() -> None:
    db.execute("GRANT CREATE ON SCHEMA linli TO linli_web")
    assert {found.detail: found.state for found in find("schema")} == {"linli": "fail", "linli_jobs": "ok"}


@pytest.mark.django_db
def test_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(type(connections["owner"]), "cursor", refuse)
    found = {finding.check: finding for finding in examine()}
    assert found["database"].state == "fail"
    assert found["database"].mend
    assert found["python"].state == "ok"


def test_the_report_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([Finding("disk", "warn", "300 MiB", "Free space.")], as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"check": "disk", "state": "warn", "detail": "300 MiB", "mend": "Free space."}
    ]
