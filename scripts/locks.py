"""Lock files: every package of every platform with its hashes, and no address to download from.

python scripts/locks.py update    resolve again (needs a package index; keeps versions that still fit)
python scripts/locks.py upgrade   the same, taking the newest versions
python scripts/locks.py check     the locks fit pyproject.toml and package.json, have hashes and no addresses
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {
    "requirements.lock": ("build",),
    "requirements-dev.lock": ("build", "dev"),
    "requirements-node.lock": ("node",),
}
"""Lock -> extras of pyproject.toml in it. All but the last also hold the product's own dependencies."""
ADDRESS = re.compile(r"https?://|file:/|--(extra-)?index-url|--find-links|--trusted-host|^-[if]\s", re.MULTILINE)
FINGERPRINT = re.compile(r"^# inputs: (\w+)$", re.MULTILINE)


def list_inputs(lock: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [] if lock == "requirements-node.lock" else list(project["dependencies"])
    for extra in LOCKS[lock]:
        wanted += project["optional-dependencies"][extra]
    return sorted(wanted)


def fingerprint(lock: str) -> str:
    return hashlib.sha256("\n".join(list_inputs(lock)).encode()).hexdigest()[:16]


def update(*, upgrade: bool) -> None:
    for lock in LOCKS:
        command = ["uv", "pip", "compile", "-", "--output-file", lock, "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header"]
        if upgrade:
            command.append("--upgrade")
        if lock == "requirements-dev.lock":
            command += ["--constraint", "requirements.lock"]  # one environment holds both
        inputs = "\n".join(list_inputs(lock)).encode()
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        subprocess.run(command, cwd=ROOT, input=inputs, check=True, stdout=subprocess.DEVNULL, env=environment)
        path = ROOT / lock
        path.write_text(f"# Made by 'make lock'; do not edit.\n# inputs: {fingerprint(lock)}\n" + path.read_text())
    subprocess.run(["npm", "install", "--package-lock-only", "--ignore-scripts"], cwd=ROOT, check=True)
    path = ROOT / "package-lock.json"
    kept = json.loads(path.read_text())
    for package in kept["packages"].values():
        package.pop("resolved", None)
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


def find_faults(root: Path = ROOT) -> Iterator[str]:
    for lock in LOCKS:
        text = (root / lock).read_text()
        if ADDRESS.search(text):
            yield f"{lock} names an address: run 'make lock'"
        found = FINGERPRINT.search(text)
        if not found or found[1] != fingerprint(lock):
            yield f"{lock} does not fit pyproject.toml: run 'make lock'"
        for entry in re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
            if entry.strip() and ("==" not in entry or "--hash=sha256:" not in entry):
                yield f"{lock}: no exact version or no hash: {entry.splitlines()[0]}"
    yield from _find_faults_of_npm(root)


def _find_faults_of_npm(root: Path) -> Iterator[str]:
    lock = json.loads((root / "package-lock.json").read_text())
    wanted = json.loads((root / "package.json").read_text())
    if lock["packages"][""].get("dependencies") != wanted.get("dependencies"):
        yield "package-lock.json does not fit package.json: run 'make lock'"
    for name, package in lock["packages"].items():
        if name and not package.get("integrity"):
            yield f"package-lock.json: {name} has no hash"
        if "resolved" in package:
            yield f"package-lock.json: {name} names an address: run 'make lock'"
    for name, version in wanted.get("dependencies", {}).items():
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            yield f"package.json: {name} is not pinned exactly"


def main(arguments: list[str]) -> int:
    if arguments in (["update"], ["upgrade"]):
        update(upgrade=arguments == ["upgrade"])
    elif arguments != ["check"]:
        sys.stderr.write(str(__doc__))
        return 2
    faults = list(find_faults())
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
