#!/bin/sh
# What the library promises about itself, read from its objects: promises.sh LIBRARY.
# No allocation, no stdio, no abort, no clock: the objects refer to the memory functions of C, to
# the provider, and to themselves. No hidden state: nothing in .data, .bss or a thread's copy of
# them (.data.rel.ro holds const tables whose pointers the loader fills in; it is not writable
# after that). No name that isn't ours.
set -u
lib=$1
status=0

# What the compiler may call by itself, string.h without allocation, mbedTLS (which the floors keep
# to lib/provider/), and position-independent code's own. Helpers of compilers begin with __aeabi_,
# __udiv and the like on small targets.
allowed='^(mem(cpy|move|set|cmp|chr)|str(len|n?cmp|chr)|mbedtls_[a-z0-9_]+|_GLOBAL_OFFSET_TABLE_|__stack_chk_(fail|guard)|__aeabi_[a-z0-9]+|__(u?div|u?mod|ashl|ashr|lshr|clz|ctz|bswap|u?cmp|mul)[sdt]i[0-9])$'

complain() { # what, then lines on stdin
	lines=$(cat)
	[ -z "$lines" ] && return
	printf '%s\n' "$lines" | sed "s|^|$1: |"
	status=1
}

undefined=$(nm -A "$lib" | awk '$(NF - 1) == "U" { print $NF }' | sort -u)
defined=$(nm -A -g "$lib" | awk 'NF > 2 && $(NF - 1) != "U" { print $NF }' | sort -u)

complain "refers to" <<LIST
$(printf '%s\n' "$undefined" | grep -Ev "$allowed" | grep -Fxv -e "$defined")
LIST
complain "is not adit_" <<LIST
$(printf '%s\n' "$defined" | grep -v '^adit_')
LIST
complain "writable" <<LIST
$(objdump -h "$lib" | awk '
	/file format/ { sub(/:$/, "", $1); object = $1 }
	$2 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ {
		print object " has 0x" $3 " bytes in " $2
	}')
$(nm -A "$lib" | awk '$(NF - 1) == "C" { print $NF " is a common symbol" }')
LIST

[ $status = 0 ] &&
	echo "promises: no allocation, no stdio, no writable data in $(ar t "$lib" | wc -l) objects"
exit $status
