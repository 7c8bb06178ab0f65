#!/bin/sh
# Builds MicroPython's unix port into OUT/micropython: build.sh OUT [MICROPYTHON [VARIANT]]
# VARIANT is a folder beside this one: `unix` (the firmware frozen in), or `unix_alloc`. Without a MICROPYTHON
# (a source tree with ports/unix, or an empty word), Debian's source package is fetched, once.
set -eu

variant=${3:-unix}
board=$(cd "$(dirname "$0")/../$variant" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
micropython=${2:-}
goal=$(echo "$variant" | tr _ -)
. "$board/../common.sh"

has_tools() {
    has cc && has python3 && { [ -n "$micropython" ] || has dpkg-source; }
}

has_tools || {
    packages="gcc libc6-dev make dpkg-dev"
    can_install || fail "needs cc and dpkg-source: on Debian, as root: apt-get install $packages"
    echo "Installing a C compiler (once)"
    logged "apt-get update" apt-get update
    # shellcheck disable=SC2086 # one word a package
    install_packages $packages
    has_tools || fail "these packages did not bring all that is needed: $packages"
}
find_micropython unix
build_mpy_cross
# A file that is no longer there must not stay frozen.
rm -rf "$out/objects/frozen_mpy"
logged "building the interpreter" quiet_make -C "$micropython/ports/unix" \
    VARIANT_DIR="$board" BUILD="$out/objects" USER_C_MODULES="$board/.." \
    MICROPY_MPYCROSS="$out/mpy-cross/mpy-cross" MICROPY_MPYCROSS_DEPENDENCY=
# In one step, and also where the one before is running.
cp "$out/objects/micropython" "$out/micropython.new"
mv "$out/micropython.new" "$out/micropython"
