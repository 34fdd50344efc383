#!/bin/sh
# Unpacks Debian packages of another suite, libraries and all, and makes one of their programs
# usable without touching the system: debian-program.sh SUITE PROGRAM FOLDER PACKAGE... leaves
# FOLDER/PROGRAM, a script that starts it with the loader and the libraries from there. The server is
# the one that the machine already gets its packages from.
set -eu
suite=$1 program=$2 folder=$3
shift 3
packages=$*
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

uri=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
[ -n "$uri" ] || uri=$(sed -n 's/^deb \(\[.*\] \)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list | head -n 1)
if [ -z "$uri" ]; then
	echo "no Debian server in this machine's package sources" >&2
	exit 1
fi

rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
folder=$(cd "$folder" && pwd)
work=$folder/apt root=$folder/root
echo "deb [signed-by=$keyring] $uri $suite main" >"$work/sources.list"
set -- -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
	-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root

apt-get "$@" update
# shellcheck disable=SC2086
(cd "$work" && apt-get "$@" download $packages)
for package in "$work"/*.deb; do
	dpkg-deb -x "$package" "$root"
done
rm -rf "$work"

loader=$(find "$root" -name 'ld-linux*.so.*' | head -n 1)
libraries=$(find "$root" -name 'lib*.so.*' -exec dirname {} \; | sort -u | paste -s -d :)
cat >"$folder/$program" <<END
#!/bin/sh
exec $loader --library-path $libraries $root/usr/bin/$program "\$@"
END
chmod +x "$folder/$program"
