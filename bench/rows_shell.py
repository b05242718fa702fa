"""The phone app's shell: what it weighs, and how long a cheap phone on a bad line waits for its first screen."""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from bench.homes import find_port
from bench.report import REPOSITORY, Row, measures, row
from linli.site.supervise import web_command

BUILT = REPOSITORY / "linli" / "field" / "static" / "field"
LINE = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
SLOWER = 4  # times this machine's processor
TIMES = 3
PATIENCE = 60


@measures("shell_kb", city=False)
def weigh_shell(_city: None) -> Iterator[Row]:
    files = [path for path in BUILT.rglob("*") if path.suffix in {".html", ".js", ".css"}]
    packed = {path.name: len(gzip.compress(path.read_bytes())) for path in files}
    first = sum(size for name, size in packed.items() if name.startswith(("index", "words")))
    yield row(
        "shell_kb",
        sum(packed.values()) / 1000,
        ours=f"{first / 1000:.0f} kB before the first screen; the rest is fetched behind it, once",
        limit="Vue with its router, Dexie and the words of both languages are two thirds; the reader of QR codes for"
        " browsers that have none (WebAssembly, 460 kB) is fetched only when somebody scans",
    )


@measures("first_screen_cold_s", "first_screen_cached_s", city=False)
def time_first_screen(_city: None) -> Iterator[Row]:
    cold, cached = [], []
    with _serve() as address, sync_playwright() as playwright:
        for _ in range(TIMES):
            with _phone(playwright, address) as page:
                cold.append(_open(page))
                page.evaluate("navigator.serviceWorker.ready.then(() => true)")
                page.goto("about:blank")
                cached.append(_open(page))
    on_what = "Chromium at 400 kbit/s, 400 ms, a quarter of this processor; until the sign-in page can be typed into"
    for name, found in (("first_screen_cold_s", cold), ("first_screen_cached_s", cached)):
        each = ", ".join(f"{one:.2f}" for one in sorted(found))
        yield row(name, statistics.median(found), ours=f"{each} s", limit=on_what)


@contextmanager
def _serve() -> Iterator[str]:
    call_command("collectstatic", interactive=False, verbosity=0)
    port = find_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "LINLI_HOME": str(settings.LINLI_HOME)}
    server = subprocess.Popen(web_command("127.0.0.1", port), env=environment, cwd=REPOSITORY)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"{address}/field/").raise_for_status()
                break
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def _phone(playwright: Playwright, address: str) -> Iterator[Page]:
    """A browser that has never been here, on a slow line and a slow processor."""
    with tempfile.TemporaryDirectory() as profile:
        context: BrowserContext = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=os.environ.get("LINLI_CHROMIUM") or shutil.which("chromium"),
            args=["--headless", "--no-sandbox", "--disable-background-networking", "--disable-gpu"],
            headless=True,
            viewport={"width": 360, "height": 760},
            base_url=address,
        )
        try:
            page = context.pages[0]
            page.set_default_timeout(PATIENCE * 1000)
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", LINE)
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            yield page
        finally:
            context.close()


def _open(page: Page) -> float:
    started = time.perf_counter()
    page.goto("/field/", wait_until="commit")
    page.wait_for_selector("input[name=username]")
    return time.perf_counter() - started
