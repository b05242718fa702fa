#!/bin/sh
# Prints the first Python >= 3.11 on the machine.
for name in "${1:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$name"
        exit 0
    fi
done
echo "Linli needs Python 3.11 or later: install it, or name it: make PYTHON=/path/to/python3 ..." >&2
exit 1
