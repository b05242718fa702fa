"""The phone app's own tests: the outbox above all, with random stories of cuts and crashes (vitest, fast-check)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_node(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "CI": "1"}
    command = ["sh", "scripts/node.sh", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=900, check=False)


def test_the_phone_app() -> None:
    done = run_node("node_modules/vitest/vitest.mjs", "run", "--config", "linli/field/app/vite.config.mts")
    assert done.returncode == 0, done.stdout + done.stderr
