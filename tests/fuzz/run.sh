#!/usr/bin/env bash
# usage: tests/fuzz/run.sh SECONDS [TARGET...]
#
# Builds the fuzzers with clang, AddressSanitizer and UndefinedBehaviorSanitizer, and runs each
# target (or those named) for SECONDS. Starts from tests/fuzz/corpus/TARGET; new inputs go to
# build/fuzz/corpus/TARGET, what crashes, hangs or eats memory to build/fuzz/found/TARGET. To keep
# the new inputs, small as they are made by -merge=1, set KEEP=1: they go to tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET...]}
shift
[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >&2
ninja -C build/fuzz --quiet fuzzers >&2

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for program in build/fuzz/bin-fuzz/fuzz_*; do targets+=("${program##*/fuzz_}"); done
fi

failed=()
for target in "${targets[@]}"; do
  program=build/fuzz/bin-fuzz/fuzz_$target
  seeds=tests/fuzz/corpus/$target
  new=build/fuzz/corpus/$target
  found=build/fuzz/found/$target
  mkdir -p "$new" "$found"
  dictionary=()
  [ -f "tests/fuzz/$target.dict" ] && dictionary=("-dict=tests/fuzz/$target.dict")
  echo "== $target: $seconds s"
  if ! nice -n 10 "$program" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 \
    -max_len=8192 -print_final_stats=1 -verbosity=0 -artifact_prefix="$found/" "${dictionary[@]}" \
    "$new" "$seeds" 2>&1 | tee "build/fuzz/$target.log" | grep -E "^stat::number_of|ERROR|SUMMARY"; then
    failed+=("$target")
  fi
  grep -q "SUMMARY" "build/fuzz/$target.log" && failed+=("$target")
  if [ "${KEEP:-0}" = 1 ]; then
    "$program" -merge=1 -verbosity=0 "$seeds" "$new" >/dev/null 2>&1 || failed+=("$target")
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "found something: ${failed[*]} (inputs under build/fuzz/found)" >&2
  exit 1
fi
