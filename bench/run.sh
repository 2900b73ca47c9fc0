#!/usr/bin/env bash
# run.sh [NAME [ARGS...]]: runs bench/NAME.py or bench/NAME.sh from the repository's root; without a name lists them.
set -euo pipefail
name=${1:-}
for file in "bench/$name.py" "bench/$name.sh"; do
  [ -n "$name" ] && [ -x "$file" ] && exec "$file" "${@:2}"
done
[ -z "$name" ] || echo "error: there is no benchmark \"$name\"" >&2
echo "benchmarks:" >&2
for file in bench/*.py bench/*.sh; do
  [ "$file" = bench/run.sh ] || echo "  $(basename "${file%.*}")" >&2
done
[ -z "$name" ]
