#!/bin/sh
# What the tests of the phone's page need of the system: Node. Run by make, which sees to it where it may.
set -eu
goal=web
out=build/web
micropython=
cd "$(dirname "$0")/../.."
mkdir -p "$out"
# shellcheck source=boards/common.sh
. boards/common.sh

missing=
has node || missing=nodejs
[ -z "$missing" ] && exit
can_install || fail "install these packages: $missing"
echo "Installing for the tests of the phone's page: $missing"
# shellcheck disable=SC2086 # one word each
install_packages $missing
