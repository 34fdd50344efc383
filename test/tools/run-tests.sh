#!/bin/sh
# Runs CMocka programs one after the other and counts over all of them: run-tests.sh PROGRAM...
# Each program's own lines are shown without CMocka's frame, then its counts; of a program that
# fails, everything is shown. The last line is "N passed, N failed, N skipped"; the exit status is
# that of the whole. RUN goes before each program (an emulator).
# A program that dies, hangs or leaves CMocka without a word has failed once more than it told.
set -u
limit=${TEST_TIMEOUT:-600}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

count() { # label: the number that CMocka gives behind "[  LABEL ]", over all groups of the program
	sed -n "s/^\[ *$1 *\] *\([0-9][0-9]*\) test(s).*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'
}

for program; do
	# shellcheck disable=SC2086
	timeout "$limit" ${RUN:-} "$program" >"$log" 2>&1
	status=$?
	p=$(count PASSED) f=$(count FAILED) s=$(count SKIPPED)
	[ "$f" = 0 ] && f=$(grep -c '^\[  ERROR   \]' "$log")
	[ "$status" != 0 ] && [ "$f" = 0 ] && f=1
	[ "$status" = 0 ] && [ $((p + f + s)) = 0 ] && f=1
	if [ "$f" != 0 ]; then
		cat "$log"
		[ "$status" = 124 ] && echo "$program: stopped after $limit s"
	else
		grep -v -e '^\[[ A-Z=]*\]' -e '^$' -e '^ [0-9]* SKIPPED TEST(S)$' "$log"
	fi
	echo "$program: $p passed, $f failed, $s skipped"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
