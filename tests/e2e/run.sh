#!/bin/bash
# Runs the end-to-end tests, so many side by side: tests/e2e/run.sh THREADS [FILTER..]. They wait more than they work, and
# each has nodes and a network of its own. A test that fails is run once more, by itself, and named: real daemons on a
# busy machine are late at times. One that fails twice has failed.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit
log=$(mktemp)
trap 'rm -f "$log"' EXIT

run() { cargo test --locked --test e2e -- --ignored --test-threads "$@"; }

run "$@" 2>&1 | tee "$log" && exit
mapfile -t failed < <(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | sort -u)
((${#failed[@]})) || exit 1
again=()
for name in "${failed[@]}"; do
  printf '\n==> once more: %s\n' "$name"
  run 1 --exact "$name" || again+=("$name")
done
if ((${#again[@]})); then
  printf '\nfailed twice: %s\n' "${again[@]}" >&2
  exit 1
fi
printf '\nfailed at first, passed alone: %s\n' "${failed[@]}"
