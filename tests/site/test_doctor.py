from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from linli.core import clock, crypto, db, journal
from linli.core.access import SYSTEM
from linli.core.seals import outside, sealing
from linli.site import doctor_host
from linli.site.doctor import examine, print_report
from linli.site.findings import Finding
from tests.builders.ledger import make_block


def find(check: str) -> list[Finding]:
    return [found for found in examine() if found.check == check]


@pytest.fixture(autouse=True)
def _own_keys(settings: object, tmp_path: Path) -> None:
    settings.SECRET_KEY = "w6Zr0VQ-oN4l1s9cTqXhYkE2mJ7uGpDaB3fR5vK8"  # type: ignore[attr-defined]
    settings.LINLI_SEALS = tmp_path / "seals"  # type: ignore[attr-defined]


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
@pytest.mark.parametrize("name", ["LINLI_DATA_KEYS", "LINLI_HASH_KEY"])
def test_keys_of_another_installation(settings: object, name: str) -> None:
    block = make_block(units=1, doors=1, people=1)
    sealed, hashed = crypto.seal("999101198005171234"), crypto.lookup_hash("999101198005171234")
    db.execute("UPDATE person SET id_sealed = %s, id_hash = %s WHERE id = %s", [sealed, hashed, block.people[0]])
    assert [found.state for found in find("keys")] == ["ok"]
    setattr(settings, name, {1: bytes(32)} if name == "LINLI_DATA_KEYS" else bytes(32))
    crypto._cipher.cache_clear()
    (found,) = find("keys")
    crypto._cipher.cache_clear()
    assert (found.state, "secrets file" in found.mend or "密钥文件" in found.mend) == ("fail", True)


@pytest.mark.django_db
def test_debug_and_hosts_without_https(settings: object) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = ["linli.example.cn"]  # type: ignore[attr-defined]
    assert [found.state for found in find("debug")] == ["fail"]
    assert [found.state for found in find("https")] == ["warn"]


@pytest.mark.django_db
def test_tables_of_a_newer_program() -> None:
    db.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('rounds', '0999_of_tomorrow', now())")
    (found,) = find("migrations")
    assert found.state == "fail"
    assert "rounds.0999_of_tomorrow" in found.detail
    assert found.mend


@pytest.mark.django_db
def test_a_clock_that_is_behind_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    journal.record(actor=SYSTEM, at=clock.now(), verb="test.write")
    assert [found.state for found in find("clock")] == ["ok"]
    back = clock.now() - timedelta(hours=3)
    monkeypatch.setattr(clock, "now", lambda: back)
    assert [found.state for found in find("clock") if found.mend] == ["fail"]


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


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value"), [
    ("SECRET_KEY", "only-for-tests-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    ("SECRET_KEY", "short"),
    ("LINLI_HASH_KEY", bytes(32)),
])  # fmt: skip
def test_keys_that_are_known(settings: object, healthy: None, name: str, value: object) -> None:
    setattr(settings, name, value)
    assert [found.state for found in find("secrets")] == ["ok", "fail"]


@pytest.mark.django_db
def test_one_key_for_two_purposes(settings: object, healthy: None) -> None:
    settings.LINLI_JOURNAL_KEY = settings.LINLI_HASH_KEY  # type: ignore[attr-defined]
    assert [found.state for found in find("secrets")] == ["ok", "fail"]


@pytest.mark.django_db
def test_a_web_role_that_owns_something() -> None:
    db.execute("CREATE TABLE mine (x integer)")
    db.execute("GRANT CREATE ON SCHEMA linli TO linli_web")
    db.execute("ALTER TABLE mine OWNER TO linli_web")
    (owning,) = [found for found in find("web role") if found.state == "fail"]
    assert "mine" in owning.detail


@pytest.mark.django_db
def test_workers_and_what_they_left() -> None:
    assert [found.state for found in find("worker")] == ["warn"]
    db.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '1 hour')")
    db.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)"
        " SELECT 'default', 'nothing', '{}', 'doing', id FROM procrastinate_workers"
    )
    assert [found.state for found in find("worker")] == ["ok"]
    assert [found.state for found in find("jobs")] == ["ok", "warn"]


@pytest.mark.django_db
def test_periodic_work_that_fails_or_is_late() -> None:
    late = clock.now() - timedelta(hours=5)
    db.execute(
        "INSERT INTO periodic_run (name, started_at, succeeded_at, result, error) VALUES"
        " ('core.seal', now(), now(), '', 'SealsNotSent: HTTP 500'), ('core.clear_jobs', %s, %s, '', '')",
        [late, late],
    )
    found = {finding.detail.split()[0].rstrip(":"): finding for finding in find("schedule")}
    assert {name.split(":")[0] for name in found} >= {"core.seal", "core.clear_jobs"}
    assert all(finding.mend for finding in found.values())


@pytest.mark.django_db
def test_seals(settings: object, tmp_path: Path) -> None:
    assert [found.state for found in find("seals")] == ["ok"]
    long_ago = clock.now() - timedelta(hours=2)
    journal.record(actor=SYSTEM, at=long_ago, verb="test.write")
    assert [found.state for found in find("seals")] == ["warn"], "not sealed for two hours"
    sealing.seal(at=long_ago)
    assert [found.state for found in find("seals")] == ["ok"]
    outside.find_file().chmod(0o644)
    assert [found.state for found in find("seals")] == ["ok", "fail"], "others may read it"
    outside.find_file().chmod(0o600)
    settings.LINLI_SEALS_URL = "http://127.0.0.1:9/"  # type: ignore[attr-defined]
    assert [found.state for found in find("seals")] == ["ok", "warn"], "not sent"
    settings.LINLI_SEALS_URL = ""  # type: ignore[attr-defined]
    db.execute("DELETE FROM seal_block")
    assert [found.state for found in find("seals")][-1] == "fail", "the chain was cut"


RULES = {
    "loopback alone": ("localhost", [], "ok"),
    "chosen machines": ("*", [("scram-sha-256", "10.0.0.5", "255.255.255.255")], "ok"),
    "anybody": ("*", [("scram-sha-256", "0.0.0.0", "0.0.0.0")], "warn"),
    "without a password": ("10.0.0.1", [("trust", "10.0.0.0", "255.0.0.0")], "fail"),
    "trusting itself": ("10.0.0.1", [("trust", "127.0.0.1", "255.255.255.255")], "ok"),
}


@pytest.mark.parametrize(("listens", "rules", "state"), RULES.values(), ids=RULES)
def test_who_reaches_the_database(
    monkeypatch: pytest.MonkeyPatch, listens: str, rules: list[tuple[str, str, str]], state: str
) -> None:
    monkeypatch.setattr(doctor_host, "ask", lambda query, *_: rules if "hba" in query else [(listens, False, False)])
    assert [found.state for found in doctor_host.check_reach()] == [state]


def test_an_unencrypted_way_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_host, "ask", lambda *_: [("localhost", True, False)])
    assert [found.state for found in doctor_host.check_reach()] == ["fail", "ok"]


@pytest.mark.parametrize(("free", "state"), [(100, "fail"), (2_000, "warn"), (50_000, "ok")])
def test_disks(monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: Path, free: int, state: str) -> None:
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    usage = type("Usage", (), {"free": free << 20})
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage)
    assert [found.state for found in doctor_host.check_space(tmp_path / "pg")] == [state], "one disk, said once"
