#!/bin/sh
# Builds this board into OUT/firmware.elf: build.sh OUT [MICROPYTHON]
# Without a MICROPYTHON (a source tree with ports/qemu), Debian's source package is fetched, once.
set -eu

board=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
micropython=${2:-}
log=$out/build.log

fail() {
    echo "make rv32: $1" >&2
    exit 1
}

# A step's output goes to the log; of one that fails, the errors or the end are shown.
logged() {
    what=$1
    shift
    "$@" >"$log" 2>&1 || {
        grep -m 5 -E ' error: |undefined reference|^E: ' "$log" >&2 || tail -n 15 "$log" >&2
        fail "$what failed; all it said is in $log"
    }
}

has() {
    command -v "$1" >/dev/null 2>&1
}

has_tools() {
    has qemu-system-riscv32 && has riscv64-unknown-elf-gcc && has cc && has python3 &&
        case $(riscv64-unknown-elf-gcc --print-file-name=picolibc.specs) in /*) ;; *) false ;; esac &&
        { [ -n "$micropython" ] || has dpkg-source; }
}

install_tools() {
    packages="gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf gcc libc6-dev make dpkg-dev"
    [ "$(id -u)" = 0 ] && has apt-get ||
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
    DEBIAN_FRONTEND=noninteractive logged "apt-get install" \
        apt-get install --yes --no-install-recommends $packages
    has_tools || fail "these packages did not bring all that is needed: $packages"
}

# Debian's own sources of this machine say where its archive is. The list that names the source packages
# is ours, so that the machine's configuration stays as it is.
fetch_micropython() {
    # shellcheck disable=SC1091
    system=$(. /etc/os-release && echo "$ID ${VERSION_CODENAME:-sid}")
    release=${system#* }
    suite=$release
    [ "$suite" != bookworm ] || suite=trixie # Debian 12's MicroPython has no ports/qemu
    [ "${system% *}" = debian ] ||
        fail "only Debian has MicroPython's source as a package: name a source tree with MPY_DIR=/path/to/micropython"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    signed=''
    [ ! -e "$key" ] || signed="[signed-by=$key]"
    # shellcheck disable=SC2016 # apt fills these in
    archives=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v own="$release" \
            '$2 == "main" && ($1 == own || $1 ~ /^(stable|testing|unstable|sid)$/) { print $3 }' | sort -u)
    [ -n "$archives" ] || fail "this machine's apt knows no archive of Debian: name a source tree with MPY_DIR"

    echo "Fetching MicroPython's source from Debian (once; 6 MB, and a list of 10 MB)"
    apt=$out/apt
    rm -rf "$apt" "$out/micropython"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    for archive in $archives; do
        echo "deb-src $signed $archive $suite main"
    done >"$apt/sources.list"
    cat >"$apt/apt.conf" <<END
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Debug::NoLocking "true";
APT::Sandbox::User "root";
END
    logged "apt-get update for $suite" env APT_CONFIG="$apt/apt.conf" apt-get update
    cd "$apt"
    logged "apt-get source" env APT_CONFIG="$apt/apt.conf" apt-get source --download-only micropython
    # apt has held the files against the archive's signature.
    logged "dpkg-source" dpkg-source --no-check --extract micropython_*.dsc micropython
    cd "$out"
    mv "$apt/micropython" micropython
    rm -rf "$apt"
}

# make's own arguments are for the other Makefile.
quiet_make() {
    env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u MFLAGS make -j "$(getconf _NPROCESSORS_ONLN)" "$@"
}

has_tools || install_tools
if [ -z "$micropython" ]; then
    micropython=$out/micropython
    [ -e "$micropython/ports/qemu" ] || fetch_micropython
fi
[ -e "$micropython/ports/qemu/boards/VIRT_RV32" ] ||
    fail "$micropython is no MicroPython source with ports/qemu/boards/VIRT_RV32 (1.25 or newer)"
micropython=$(cd "$micropython" && pwd)

logged "building mpy-cross" quiet_make -C "$micropython/mpy-cross" BUILD="$out/mpy-cross"
logged "building the firmware" quiet_make -C "$micropython/ports/qemu" \
    BOARD=QEMU_RV32 BOARD_DIR="$board" BUILD="$out/objects" \
    MICROPY_MPYCROSS="$out/mpy-cross/mpy-cross" MICROPY_MPYCROSS_DEPENDENCY=
cp "$out/objects/firmware.elf" "$out/firmware.elf"
