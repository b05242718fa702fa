#!/bin/sh
# Installs from the system what the tests need and pip cannot bring: a Chromium and a Chinese font.
# Nothing happens where both are present. As an ordinary user it asks sudo.
#
# Where the system has the headless shell it is taken: the same engine without windows that nobody sees, in which browser
# tests take half the processor time. Tests run in a whole Chromium as well; root, who need not ask anybody, then tries
# for the shell beside it, and goes on without.
set -eu

missing="" extra=""
have_browser=no
for name in chromium-headless-shell chromium chromium-browser; do
    if command -v "$name" >/dev/null 2>&1; then have_browser=yes; fi
done
if [ "$have_browser" = no ]; then
    missing="$missing chromium"
elif [ "$(id -u)" -eq 0 ] && ! command -v chromium-headless-shell >/dev/null 2>&1; then
    extra=chromium-headless-shell
fi
if ! command -v fc-list >/dev/null 2>&1; then
    missing="$missing fontconfig fonts-noto-cjk"
elif [ -z "$(fc-list :lang=zh family | head -n 1)" ]; then
    missing="$missing fonts-noto-cjk"
fi
[ -n "$missing$extra" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    [ -n "$missing" ] || exit 0
    echo "Install these with your system's package manager, then start again:$missing" >&2
    exit 1
fi
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
if [ -z "$missing" ]; then
    { timeout 60 apt-get update -qq && timeout 300 apt-get install -y -qq --no-install-recommends "$extra"; } \
        >/dev/null 2>&1 || echo "No $extra is to be had here: browser tests run in the whole Chromium, slower." >&2
    exit 0
fi
$as_root apt-get update -qq
if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
    missing=$(echo "$missing" | sed 's/^ chromium/ chromium-headless-shell/')
fi
# shellcheck disable=SC2086 # one word a package
$as_root apt-get install -y -qq --no-install-recommends $missing
