#!/bin/sh
# Installs from the system what the tests need and pip cannot bring: a Chromium and a Chinese font.
# Nothing happens where both are present. As an ordinary user it asks sudo.
set -eu

missing=""
have_browser=no
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then have_browser=yes; fi
done
[ "$have_browser" = yes ] || missing="$missing chromium"
if ! command -v fc-list >/dev/null 2>&1; then
    missing="$missing fontconfig fonts-noto-cjk"
elif [ -z "$(fc-list :lang=zh family | head -n 1)" ]; then
    missing="$missing fonts-noto-cjk"
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Install these with your system's package manager, then start again:$missing" >&2
    exit 1
fi
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # one word a package
$as_root apt-get install -y -qq --no-install-recommends $missing
