# What the builds of boards share. boards/*/build.sh sets `goal` (make's), `out` (an existing folder) and
# `micropython` (a source tree, or empty), and sources this.
# shellcheck shell=sh
# shellcheck disable=SC2154
log=$out/build.log

fail() {
    echo "make $goal: $1" >&2
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

can_install() {
    [ "$(id -u)" = 0 ] && has apt-get
}

install_packages() {
    DEBIAN_FRONTEND=noninteractive logged "apt-get install" \
        apt-get install --yes --no-install-recommends "$@"
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
    rm -rf "$apt" "$1"
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
    mv "$apt/micropython" "$1"
    rm -rf "$apt"
}

# Sets `micropython` to a source tree that has the folder ports/$1, fetched beside `out` if none was named.
find_micropython() {
    if [ -z "$micropython" ]; then
        micropython=$(dirname "$out")/micropython
        [ -e "$micropython/ports/$1" ] || fetch_micropython "$micropython"
    fi
    [ -e "$micropython/ports/$1" ] ||
        fail "$micropython is no MicroPython source with ports/$1 (1.25 or newer)"
    micropython=$(cd "$micropython" && pwd)
}

# make's own arguments are for the other Makefile.
quiet_make() {
    env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u MFLAGS make -j "$(getconf _NPROCESSORS_ONLN)" "$@"
}

# mpy-cross of the same source, in `out`: .mpy files of another version would not load.
build_mpy_cross() {
    logged "building mpy-cross" quiet_make -C "$micropython/mpy-cross" BUILD="$out/mpy-cross"
}
