#!/bin/sh
# PostgreSQL's programs, for tests that start a server of their own: install_postgres.sh OUT
# No server is left running, and no cluster is made: tests make theirs in a folder that goes.
set -eu

mkdir -p "$1"
out=$(cd "$1" && pwd)
goal=postgres
. "$(dirname "$0")/../../boards/common.sh"

has_programs() {
    has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

has_programs || {
    can_install || fail "there is no initdb: on Debian, as root: apt-get install postgresql"
    echo "Installing PostgreSQL (once)"
    # The package would make a cluster and start it.
    settings=/etc/postgresql-common/createcluster.conf
    [ -e "$settings" ] || {
        mkdir -p "${settings%/*}"
        echo 'create_main_cluster = false' >"$settings"
    }
    logged "apt-get update" apt-get update
    install_packages -o Dpkg::Options::=--force-confold postgresql
    has_programs || fail "the package postgresql did not bring initdb"
}
