#!/bin/sh
# Installs from the distribution what a make target needs and the machine lacks; says first what and why.
#
#   tools/need.sh run    a C compiler, npm, PostgreSQL with PostGIS
#   tools/need.sh test   the same, and a Chromium that runs
#
# Debian 12 and 13, Ubuntu 24.04; elsewhere it tells what to install. Uses sudo unless root.
set -eu
purpose=${1:?run or test}
packages=
why=
want() { packages="$packages $1"; why="$why
    $1: $2"; }

have_postgis() {
	for control in /usr/share/postgresql/*/extension/postgis.control; do
		[ -e "$control" ] || continue
		major=$(basename "$(dirname "$(dirname "$control")")")
		[ -x "/usr/lib/postgresql/$major/bin/postgres" ] && [ "$major" -ge 14 ] && return 0
	done
	command -v pg_config >/dev/null 2>&1 && [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

# A Chromium that really starts: on Ubuntu the package of that name is empty without snap.
have_chromium() {
	for program in "${CHROMIUM:-}" chromium google-chrome chromium-browser; do
		[ -n "$program" ] && command -v "$program" >/dev/null 2>&1 && "$program" --version >/dev/null 2>&1 && return 0
	done
	return 1
}

command -v go >/dev/null 2>&1 || { echo "Go is missing: install Go 1.26 or later first (https://go.dev/doc/install)." >&2; exit 1; }
command -v gcc >/dev/null 2>&1 || want gcc "the hexagon grid is a C library"
[ -e /usr/include/stdlib.h ] || want libc6-dev "headers for the C compiler"
command -v npm >/dev/null 2>&1 || want npm "fetches the packages of the web app"
if [ -z "${DATABASE_URL:-}" ] || [ "$purpose" = test ]; then
	have_postgis || want postgresql-postgis "the database; it runs privately, the system's own is left alone"
fi
if [ "$purpose" = test ] && ! have_chromium; then
	want chromium "the browser tests"
	want fonts-dejavu-core "text in the browser tests"
fi
[ -n "$packages" ] || exit 0

echo "This needs packages that are not installed yet:$why"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "Install them with this system's package manager, then try again." >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || { echo "Not root and no sudo: run 'apt-get install --no-install-recommends$packages' as root." >&2; exit 1; }
	sudo=sudo
fi
echo "Installing them with apt-get …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	echo "Installing$packages did not work (the end of apt-get's words is above)." >&2
	exit 1
fi
if [ "$purpose" = test ] && ! have_chromium; then
	echo "The distribution's Chromium does not run here (on Ubuntu it comes as a snap). Give the path of one: make test CHROMIUM=/path/to/chrome" >&2
	exit 1
fi
echo "Installed."
