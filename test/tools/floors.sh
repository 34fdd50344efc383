#!/bin/sh
# The floors of lib/, held in three ways: floors.sh LIBRARY.
# 1. by #include: a file includes its own folder and lower floors;
# 2. by symbol: an object calls its own folder and lower floors, also through public headers;
# 3. by size and shape: no file of more than 600 lines, no #if inside a function;
# 4. by writer: the state of an IKE SA is written in one file.
# Two folders on one floor are strangers.
set -u
lib=$1
cd "$(dirname "$0")/../.." || exit 2
max_lines=600
state_writer=lib/ike/slots.c
floors="base:0 crypto:1 wire:2 sa:3 data:4 ike:5 ikev2:6 front:7 provider:7"

floor_table='
function split_floors(text,   n, i, f, kv) {
	n = split(text, f, " ")
	for (i = 1; i <= n; i++) {
		split(f[i], kv, ":")
		floor[kv[1]] = kv[2]
	}
}
function may(from, to) {
	return from == to || (to in floor) && floor[to] + 0 < floor[from] + 0
}'

by_include() {
	find lib -name '*.[ch]' | sort | xargs awk -v floors="$floors" "$floor_table"'
	BEGIN { split_floors(floors) }
	FNR == 1 {
		split(FILENAME, path, "/")
		me = path[2]
		if (!(me in floor)) { print FILENAME ": a folder without a floor: " me; bad = 1 }
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, quoted, "\"")
		split(quoted[2], part, "/")
		if (quoted[2] !~ /\//) {
			print FILENAME ":" FNR ": no folder in \"" quoted[2] "\""
			bad = 1
		} else if (part[1] != "adit" && !may(me, part[1])) {
			print FILENAME ":" FNR ": " me " includes " quoted[2]
			bad = 1
		}
	}
	END { exit bad }'
}

# nm -A prints "lib.a:object.o:address type symbol"; objects of one name in two folders would be
# taken for one another, so they are read from the build folder and not from the archive.
by_symbol() {
	objects=$(dirname "$lib")/lib
	find lib -name '*.c' | sort | sed "s|^lib|$objects|; s|c\$|o|" | xargs nm -A -g |
		awk -v prefix="$objects/" -v floors="$floors" "$floor_table"'
	BEGIN { split_floors(floors) }
	{
		file = substr($1, length(prefix) + 1)
		sub(/:.*/, "", file)
		split(file, part, "/")
		if ($(NF - 1) == "U") {
			used[file, $NF] = part[1]
		} else if ($NF in home) {
			print file ": " $NF " is also defined in " home[$NF]
			bad = 1
		} else {
			home[$NF] = part[1]
		}
	}
	END {
		for (key in used) {
			split(key, k, SUBSEP)
			if (k[2] ~ /^mbedtls_/ && used[key] != "provider") {
				print k[1] ": calls " k[2]
				bad = 1
			}
			if (k[2] in home && !may(used[key], home[k[2]])) {
				print k[1] ": " used[key] " calls " k[2] " of " home[k[2]]
				bad = 1
			}
		}
		exit bad
	}'
}

by_shape() {
	find lib include -name '*.[ch]' | sort | xargs awk -v max="$max_lines" '
	FNR == 1 { inside = 0 }
	/^\{/ { inside = 1 }
	/^\}/ { inside = 0 }
	inside && /^[ \t]*#[ \t]*(if|el|endif)/ { print FILENAME ":" FNR ": #if inside a function"; bad = 1 }
	FNR == max + 1 { print FILENAME ": more than " max " lines; look for its second idea"; bad = 1 }
	END { exit bad }'
}

by_writer() {
	! grep -rnE '\bsa->state = ' lib --include='*.c' | grep -v "^$state_writer:"
}

status=0
by_include || status=1
by_symbol || status=1
by_shape || status=1
by_writer || status=1
[ $status = 0 ] && echo "floors: $(find lib -name '*.[ch]' | wc -l) files, each on its floor"
exit $status
