#!/bin/sh
# What the tests of the phone's page need of the system: Node, and a browser whose radio is D-Bus. Run by make.
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
has chromium || missing="$missing chromium"
has dbus-daemon || missing="$missing dbus-daemon"
[ -z "$missing" ] && exit
can_install || fail "install these packages: $missing"
echo "Installing for the tests of the phone's page: $missing"
# shellcheck disable=SC2086 # one word each
install_packages $missing
