#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs a build of skymill into a folder of its own, builds the plugin of this folder against
# that and nothing else, and uses both as a user would.
#
#   tests/consumer/run.sh BUILD_FOLDER
#
# CXX and CXXFLAGS are used for the plugin where they are set; SKYMILL_PYTHON3 names a Python that
# has casacore.
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# expect CODE COMMAND...: runs it, keeps what it says in $work/said, compares the exit code.
expect() {
  wanted=$1
  shift
  code=0
  "$@" >"$work/said" 2>&1 || code=$?
  cat "$work/said"
  [ "$code" -eq "$wanted" ] || fail "exit code $code instead of $wanted from: $*"
}
said() { grep -qF -- "$1" "$work/said" || fail "nothing was said of '$1'"; }
not_said() { ! grep -qF -- "$1" "$work/said" || fail "'$1' was said"; }

# The program with nothing in its environment that could help it to find anything.
skymill() { env -i PATH=/usr/bin:/bin HOME="$work" TMPDIR="$work" "$prefix/bin/skymill" "$@"; }

say "install, and move to another place: a package must not remember its prefix"
cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
lib=$(find "$prefix" -name 'libskymill_core.so' -exec dirname {} \;)
for file in bin/skymill include/skymill/core/plugin.h include/skymill/core/version.h \
  include/skymill/stages/data/visibilities.h share/skymill/pipelines/cube.yaml \
  share/skymill/description.schema.json share/man/man1/skymill-run.1.gz \
  share/bash-completion/completions/skymill share/zsh/vendor-completions/_skymill; do
  [ -f "$prefix/$file" ] || fail "$file is not installed"
done
for file in cmake/skymill/skymillConfig.cmake cmake/skymill/skymillConfigVersion.cmake \
  cmake/skymill/skymillTargets.cmake cmake/skymill/skymill_add_plugin.cmake; do
  [ -f "$lib/$file" ] || fail "$file is not installed"
done
if grep -rlF -e "$build" -e "$work/first" "$prefix/include" "$lib/cmake" "$prefix/share"; then
  fail "installed files name the folder of the build"
fi

say "the installed program finds its own plugins and descriptions"
expect 0 skymill plugins
said "$lib/skymill/plugins/simulate.so"
not_said refused
expect 0 skymill check simulate --param output=never.ms

say "build and test the plugin"
if ! { cmake -S "$here" -B "$work/plugin" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_BUILD_TYPE=Release && cmake --build "$work/plugin"; } >"$work/said" 2>&1; then
  cat "$work/said"
  fail "the plugin does not build"
fi
(cd "$work/plugin" && ctest --output-on-failure)
plugin=$work/plugin/clip.so

say "run it between two of our stages"
mkdir "$work/run"
cd "$work/run"
expect 0 skymill run "$here/clip.yaml" --plugin "$plugin" --param output=clipped.ms \
  --param nsigma=2
expect 0 "${SKYMILL_PYTHON3:-python3}" "$here/check_run.py" clipped.ms "$plugin"
cd "$work"

say "without --plugin it is not found, wherever the program is started"
mkdir -p "$work/cwd/skymill/plugins" "$work/cwd/lib/skymill/plugins" "$work/cwd/plugins"
for folder in . skymill/plugins lib/skymill/plugins plugins; do
  cp "$plugin" "$work/cwd/$folder/"
done
cd "$work/cwd"
expect 0 skymill plugins
not_said clip.so
expect 2 skymill run "$here/clip.yaml" --param output=clipped.ms
said "there is no stage 'clip'"
[ ! -e clipped.ms ] || fail "something was written"
cd "$work"

say "a plugin of another interface is refused before it is loaded"
mkdir -p "$work/stale/core" "$work/refused"
sed 's/^#define SKYMILL_API_VERSION .*/#define SKYMILL_API_VERSION 0/' \
  "$prefix/include/skymill/core/version.h" >"$work/stale/core/version.h"
cat >"$work/stale/trace.cpp" <<END
#include <cstdio>
namespace {
struct Trace {
  Trace() { std::fclose(std::fopen("$work/refused/trace", "w")); }
};
const Trace trace;
}
END
# compile INCLUDE_FOLDER PLUGIN: with the trace, which is left when the library is loaded.
compile() {
  # shellcheck disable=SC2086  # CXXFLAGS is a list
  ${CXX:-c++} ${CXXFLAGS:-} -std=c++20 -fPIC -shared -fvisibility=hidden -I "$1" \
    -I "$prefix/include/skymill" "$here/clip.cpp" "$work/stale/trace.cpp" \
    -L "$lib" -lskymill_core -Wl,--no-undefined -o "$2"
}
compile "$work/stale" "$work/stale/stale.so"
compile "$prefix/include/skymill" "$work/stale/fresh.so"
expect 0 skymill plugins --plugin "$work/stale/fresh.so"
[ -f "$work/refused/trace" ] || fail "the trace does not show that a library was loaded"
rm "$work/refused/trace"
cp "$work/stale/stale.so" "$work/stale/stripped.so"
strip "$work/stale/stripped.so"
ours=$(sed -n 's/^.*(plugins: \(.*\))$/\1/p' <<END
$(skymill --version)
END
)
[ -n "$ours" ] || fail "skymill --version does not show its tag"
cd "$work/refused"
for file in stale.so stripped.so; do
  expect 4 skymill plugins --plugin "$work/stale/$file"
  said "built for 0.${ours#*.}"
  said "needs $ours"
  expect 4 skymill run "$here/clip.yaml" --plugin "$work/stale/$file" --param output=clipped.ms
  said "built for 0.${ours#*.}"
done
[ -z "$(ls -A "$work/refused")" ] || fail "something was written: $(ls -A "$work/refused")"
cd "$work"

say "all is well"
