#!/bin/sh
# The README's programs, built from the README itself: readme.sh FOLDER, with COMPILE and LIBS in the
# environment. Every block that opens with ```c and has a main() is built; one that opens with
# ```c run must also run and end well.
set -u
folder=$1
seconds=10
rm -rf "$folder"
mkdir -p "$folder"
awk -v folder="$folder" '
	/^```c( run)?$/ { inside = 1; text = ""; run = / run$/; next }
	/^```/ {
		if (inside && text ~ /[^a-z_]main\(/)
			printf "%s", text >(folder "/" ++n (run ? "-run.c" : ".c"))
		inside = 0
		next
	}
	inside { text = text $0 "\n" }' README.md

built=0
for source in "$folder"/*.c; do
	program=${source%.c}
	# shellcheck disable=SC2086
	$COMPILE "$source" -o "$program" $LIBS || exit 1
	case $program in
	*-run) timeout $seconds "$program" || exit 1 ;;
	esac
	built=$((built + 1))
done
echo "readme: $built programs"
