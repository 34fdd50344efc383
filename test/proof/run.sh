#!/bin/bash
# Runs the proofs: run.sh BUILD [NAME...]; CBMC is the command to start it. A proof is a file here
# whose first comment has lines "Sources:", "Bound:", "Options:" for CBMC and "Broken: FILE SED", a
# change of the code under proof that it must notice: each is run as it is and so broken.
# SECONDS_MAX is each one's processor time, so that a loaded machine fails none; so is the column s.
# TRACE=1: what fails is told with the input that makes it fail, in BUILD/proof/NAME.txt.
# Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.." || exit 2
out=$1/proof
shift
here=test/proof
CBMC=${CBMC:?} JOBS=${JOBS:-2} SECONDS_MAX=${SECONDS_MAX:-300} TIMEFORMAT=%0U
checks=(--unwinding-assertions --pointer-overflow-check --no-malloc-may-fail)

field() { # NAME FIELD
	sed -n "s/^ \* $2: //p; /^ \*\//q" "$here/$1.c"
}

# Wants of CBMC that nothing fails but what is to be reached, or, of broken code, that something
# does.
judge() { # whole|broken RESULT
	local reached missed failed
	reached=$(grep -c '] line [0-9]* reached: .*: FAILURE$' "$2")
	missed=$(grep -c '] line [0-9]* reached: .*: SUCCESS$' "$2")
	failed=$(grep -E '^\[.*: (FAILURE|UNKNOWN|ERROR)$' "$2" | grep -vc '] line [0-9]* reached: ')
	case $1 in
	whole) [[ $reached -gt 0 && $missed = 0 && $failed = 0 ]] ;;
	broken) grep -q '^VERIFICATION FAILED' "$2" ;;
	esac
}

# The folder of the broken code stands before lib/ in the search, so that headers are found there.
break_code() { # FOLDER FILE SED
	mkdir -p "$1/$(dirname "$2")"
	sed "$3" "$2" >"$1/$2"
	! cmp -s "$2" "$1/$2"
}

# Sources as they are, or broken where there is such a one.
sources() { # NAME FOLDER
	local file
	for file in $here/$1.c $(field "$1" Sources); do
		[ -f "$2/$file" ] && echo "$2/$file" || echo "$file"
	done
}

# Writes the processor seconds that it took into RESULT.time. Of broken code the first failure is
# enough.
cbmc() { # whole|broken NAME FOLDER RESULT
	local -A end=([whole]=${TRACE:+--trace} [broken]='--stop-on-fail -DPROOF_BROKEN')
	# shellcheck disable=SC2046,SC2086
	(
		ulimit -t "$SECONDS_MAX"
		time $CBMC -I$here/include -Iinclude -I"$3/lib" -Ilib -I$here "${checks[@]}" ${end[$1]} \
			$(field "$2" Options) $(sources "$2" "$3") >"$4" 2>&1
	) 2>"$4.time"
	grep -q '^VERIFICATION ' "$4"
}

row() { # NAME BOUND RESULT VERDICT
	local n
	n=$(sed -n 's/^\*\* [0-9]* of \([0-9]*\) failed.*/\1/p' "$3")
	printf '%-18s %-44s %7s %5s  %s\n' "$1" "$2" "${n:--}" "$(tail -n 1 "$3.time")" "$4"
}

one() { # whole|broken NAME [NUMBER FILE SED]
	local kind=$1 name=$2 folder=$out/none result=$out/$2.txt bound verdict=FAILED
	bound=$(field "$name" Bound)
	if [ "$kind" = broken ]; then
		folder=$out/$name.$3 result=$out/$name.$3.txt bound="broken: $4"
		if ! break_code "$folder" "$4" "$5"; then
			echo "$name: $4 has no such line any more: $5" >&2
			: >"$result"
			echo 0 >"$result.time"
			row "$name" "$bound" "$result" FAILED
			return
		fi
	fi
	cbmc "$kind" "$name" "$folder" "$result" && judge "$kind" "$result" && verdict=$([ "$kind" = whole ] && echo proved || echo noticed)
	row "$name" "$bound" "$result" "$verdict"
	[ "$verdict" != FAILED ] || tell "$name" "$result" >&2
}

# What failed; what CBMC did not come to is of interest only where nothing else is.
tell() { # NAME RESULT
	grep -v '] line [0-9]* reached: ' "$2" | grep -E '^\[.*: (FAILURE|ERROR)$|rror' | head -n 8 ||
		grep -E ': UNKNOWN$' "$2" | head -n 8
	echo "all that CBMC said: $2$([ "${TRACE:-}" ] || echo "; the input: TRACE=1 PROOFS=$1")"
}

wait_for_place() {
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
		wait -n
	done
}

proofs=$(grep -l '^ \* Options: ' $here/*.c | sed 's,.*/,,; s/\.c$//')
for name; do
	grep -qx "$name" <<<"$proofs" && continue
	echo "there is no proof $name; there are:" $proofs >&2
	exit 2
done

rm -rf "$out"
mkdir -p "$out"
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $proofs
printf '%-18s %-44s %7s %5s  %s\n' proof bound checks s result
{
	for name; do
		wait_for_place
		one whole "$name" &
		number=0
		while read -r file change; do
			[ -n "$file" ] || continue
			number=$((number + 1))
			wait_for_place
			one broken "$name" $number "$file" "$change" &
		done < <(field "$name" Broken)
	done
	wait
} | tee "$out/table"
passed=$(grep -cE ' (proved|noticed)$' "$out/table")
failed=$(grep -c ' FAILED$' "$out/table")
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
