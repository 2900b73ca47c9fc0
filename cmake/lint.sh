#!/usr/bin/env bash
# lint.sh BUILD_FOLDER: formatting of every source, then clang-tidy over those in the compile commands.
set -euo pipefail
mapfile -t sources < <(git ls-files 'src/*.cpp' 'src/*.h' 'tests/*.cpp' 'tests/*.h' 'include/*.h' 'bench/*.cpp')
clang-format --dry-run --Werror "${sources[@]}"
echo "clang-format: ${#sources[@]} files are clean"
git ls-files 'src/*.cpp' 'tests/*.cpp' |
  xargs -P "$(nproc)" -n 4 clang-tidy -p "$1" --quiet 2>/dev/null
echo "clang-tidy: clean"
