#!/bin/sh
# Unpacks a Debian source package without touching the system's own package lists:
# debian-source.sh SUITE PACKAGE FOLDER. SUITE "-" is the one that this machine runs. The server is
# the one that the machine already gets its packages from.
set -eu
suite=$1 package=$2 folder=$3
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

[ "$suite" = - ] && suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
uri=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
[ -n "$uri" ] || uri=$(sed -n 's/^deb \(\[.*\] \)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list | head -n 1)
if [ -z "$uri" ]; then
	echo "no Debian server in this machine's package sources" >&2
	exit 1
fi

work=$folder.apt
rm -rf "$work" "$folder"
mkdir -p "$work/lists/partial" "$work/archives/partial"
work=$(cd "$work" && pwd)
folder=$(dirname "$work")/$(basename "$folder")
echo "deb-src [signed-by=$keyring] $uri $suite main" >"$work/sources.list"
set -- -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
	-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root

apt-get "$@" update
(cd "$work" && apt-get "$@" source --download-only "$package")
dpkg-source --no-check -q -x "$work"/*.dsc "$folder"
rm -rf "$work"
