#!/bin/bash
# Everything `make check` looks at. Runs all of it, then says what failed; mypy runs beside the rest.
cd "$(dirname "$0")/.." || exit 1
export PATH="$PWD/.venv/bin:$PATH" LINLI_NO_DB=1 DJANGO_SETTINGS_MODULE=linli.site.settings
export LINLI_SECRETS="$PWD/tests/secrets.json"
failed=()
output=$(mktemp)
typed=$(mktemp)
trap 'rm -f "$output" "$typed"' EXIT

mypy >"$typed" 2>&1 &
mypy_pid=$!

check() {
    local name=$1
    shift
    if "$@" >"$output" 2>&1; then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        cat "$output"
        failed+=("$name")
    fi
}

check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "import-linter" lint-imports
check "djlint" djlint linli --quiet --lint
check "migrations" python -m linli.site.cli manage makemigrations --check --dry-run
check "translations" python -m linli.core.catalogs --check
check "locks" python scripts/locks.py check
check "vue-tsc --strict" sh scripts/node.sh node_modules/vue-tsc/bin/vue-tsc.js --noEmit -p linli/field/app
check "house" python -m pytest -p no:django --noconftest tests/test_house.py
if wait "$mypy_pid"; then
    echo "ok      mypy --strict"
else
    echo "FAILED  mypy --strict"
    cat "$typed"
    failed+=("mypy")
fi
[ ${#failed[@]} -eq 0 ] || { echo; echo "Failed: ${failed[*]}"; exit 1; }
