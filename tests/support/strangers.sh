#!/bin/sh
# What tests speak with and no package index has: a browser that looks at the report of events, and a broker of
# MQTT that takes events. Both from Debian; where they cannot be had, the tests that want them are skipped.
set -eu

out=$1
goal=strangers
mkdir -p "$out"
. "$(dirname "$0")/../../boards/common.sh"

missing=''
has chromium || missing="$missing chromium"
has mosquitto || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
[ -n "$missing" ] || exit 0
can_install || fail "needs$missing: on Debian, as root: apt-get install$missing"
echo "Installing$missing (once; a browser is 300 MB on disk)"
logged "apt-get update" apt-get update
# A broker that a test starts is enough; none is to run on this machine for that. The file is gone afterwards.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
# shellcheck disable=SC2086 # one word a package
install_packages $missing
