#!/usr/bin/env bash
# lint.sh BUILD_FOLDER: formatting of every source, then clang-tidy over those in the compile commands.
# A file that was clean is left out until it, a header that it includes or .clang-tidy has changed.
set -euo pipefail
readonly build=$1
export build
mapfile -t sources < <(git ls-files 'src/*.cpp' 'src/*.h' 'tests/*.cpp' 'tests/*.h' 'include/*.h' 'bench/*.cpp')
clang-format --dry-run --Werror "${sources[@]}"
echo "clang-format: ${#sources[@]} files are clean"

# clang knows neither of two options of GCC.
mkdir -p "$build/lint"
sed 's/-fno-predictive-commoning//; s/-Wno-maybe-uninitialized//' "$build/compile_commands.json" >"$build/lint/compile_commands.json"

# One line a source: it, and every file of ours that it includes, as ninja knows them from the last build.
readonly includes=$build/lint/includes
export includes
ninja -C "$build" -t deps | awk '
  /#deps/ { if (line != "") print line; line = ""; next }
  $1 ~ /^(\.\.\/|layers\/)/ { sub(/^\.\.\/\.\.\//, "", $1); sub(/^layers\//, ENVIRON["build"] "/layers/", $1); line = line " " $1 }
  END { if (line != "") print line }' >"$includes"

tidy() {
  local source=$1 stamp=$build/lint/${1//\//.} files
  read -ra files < <(grep -F -m 1 " $source " <(sed 's/$/ /' "$includes"))
  if [ -e "$stamp" ] && [ -z "$(find -L "${files[@]:-$source}" .clang-tidy -newer "$stamp" 2>/dev/null)" ]; then
    return
  fi
  clang-tidy -p "$build/lint" --quiet --extra-arg="-include$PWD/cmake/tidy_vector.h" "$source" 2>/dev/null && touch "$stamp"
}
export -f tidy
git ls-files 'src/*.cpp' 'tests/*.cpp' | xargs -P "$(nproc)" -I {} bash -c 'tidy {}'
echo "clang-tidy: clean"
