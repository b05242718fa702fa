#!/bin/sh
# Installs from the system what the tests need and pip cannot bring: a Chromium and a Chinese font.
# Nothing happens where both are present. As an ordinary user it asks sudo.
#
# Beside it, root, who need not ask anybody, tries for Chromium's headless shell and goes on without: the same engine
# without windows that nobody sees, in which tests of the desk take half the processor time.
set -eu

missing=""
if ! command -v chromium >/dev/null 2>&1 && ! command -v chromium-browser >/dev/null 2>&1; then
    missing="$missing chromium"
fi
if ! command -v fc-list >/dev/null 2>&1; then
    missing="$missing fontconfig fonts-noto-cjk"
elif [ -z "$(fc-list :lang=zh family | head -n 1)" ]; then
    missing="$missing fonts-noto-cjk"
fi
export DEBIAN_FRONTEND=noninteractive

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Install these with your system's package manager, then start again:$missing" >&2
        exit 1
    fi
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # one word a package
    $as_root apt-get install -y -qq --no-install-recommends $missing
fi

shell=chromium-headless-shell
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 && ! command -v $shell >/dev/null 2>&1; then
    { { [ -n "$missing" ] || timeout 60 apt-get update -qq; } \
        && timeout 300 apt-get install -y -qq --no-install-recommends $shell; } >/dev/null 2>&1 \
        || echo "No $shell is to be had here: all browser tests run in the whole Chromium, slower." >&2
fi
