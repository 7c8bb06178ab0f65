#!/bin/sh
# Builds this board into OUT/firmware.elf: build.sh OUT [MICROPYTHON [frozen|joined|gatt|node]]
# Without a MICROPYTHON (a source tree with ports/qemu), Debian's source package is fetched, once.
# The word frozen builds OUT/frozen.elf instead, with the firmware in it, for which there must be `make native`;
# the word joined OUT/joined.elf, with what lies in build/joined/rv32/modules; the word gatt OUT/gatt.elf, with
# what lies in build/joined/rv32_gatt/modules, and aioble from AIOBLE_PATH; the word node OUT/node.elf, with what lies
# in build/joined/rv32_node/modules.
set -eu

board=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
micropython=${2:-}
goal=rv32
. "$board/../common.sh"

has_tools() {
    has qemu-system-riscv32 && has riscv64-unknown-elf-gcc && has cc && has python3 &&
        case $(riscv64-unknown-elf-gcc --print-file-name=picolibc.specs) in /*) ;; *) false ;; esac &&
        { [ -n "$micropython" ] || has dpkg-source; }
}

install_tools() {
    packages="gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf gcc libc6-dev make dpkg-dev"
    can_install ||
        fail "needs riscv64-unknown-elf-gcc with picolibc, qemu-system-riscv32, cc and dpkg-source: on Debian,
as root: apt-get install $packages qemu-system-misc (from Debian 13 on: qemu-system-riscv)"
    echo "Installing a RISC-V compiler and qemu (once; about 1 GB on disk)"
    logged "apt-get update" apt-get update
    # Debian 13 took it out of qemu-system-misc.
    if apt-cache show qemu-system-riscv 2>/dev/null | grep -q '^Package:'; then
        packages="$packages qemu-system-riscv"
    else
        packages="$packages qemu-system-misc"
    fi
    # shellcheck disable=SC2086 # one word a package
    install_packages $packages
    has_tools || fail "these packages did not bring all that is needed: $packages"
}

has_tools || install_tools
find_micropython qemu/boards/VIRT_RV32
build_mpy_cross
image=firmware
objects=$out/objects
manifest=$board/manifest.py
resident=
if [ -n "${3:-}" ]; then
    image=$3
    objects=$out/objects_$3
    manifest=$board/manifest_$3.py
    # A file that is no longer there must not stay frozen.
    rm -rf "$objects/frozen_mpy"
    # Functions that stay are constants of the image: boards/resident.
    [ "$3" = frozen ] || resident=RESIDENT=1
fi
# shellcheck disable=SC2086 # nothing, or one word
logged "building the firmware" quiet_make -C "$micropython/ports/qemu" $resident \
    BOARD=QEMU_RV32 BOARD_DIR="$board" BUILD="$objects" FROZEN_MANIFEST="$manifest" \
    MICROPY_MPYCROSS="$out/mpy-cross/mpy-cross" MICROPY_MPYCROSS_DEPENDENCY=
cp "$objects/firmware.elf" "$out/$image.elf"
