#!/bin/sh
# The conformance table: which test shows what is asked of us, and what is not built.
# run.sh BUILD: runs every test program that *.rows here name, with the names of the tests that are
# asked of it in TESTS (most run all of theirs anyway), looks each test up in what it told, prints
# the table and writes BUILD/conformance.json. A row passes if all of its tests ran and
# passed in this run; a test that is not there, was skipped or failed makes its row fail.
# Where the lists of requirements are ($ADIT_SHARED, or ../shared), their ids must be the table's.
set -u
build=$1
here=$(dirname "$0")
specs=${ADIT_SHARED:-../shared}/specs
work=$build/conformance
limit=${TEST_TIMEOUT:-600}
mkdir -p "$work"

# One line for each row: id, what it asks, tests, why it is not built, note; tabs between.
flatten() {
	awk -v OFS='\t' '
		function flush() {
			if (id != "")
				print id, is, by, no, note
			id = is = by = no = note = ""
		}
		function join(a, b, with) { return a == "" ? b : a with b }
		/^#/ { next }
		/^[ \t]*$/ { flush(); next }
		{ word = $1; rest = $0; sub(/^[a-z]+ /, "", rest) }
		word == "id" { flush(); id = rest; next }
		word == "is" { is = join(is, rest, " "); next }
		word == "by" { by = join(by, rest, " "); next }
		word == "no" { no = join(no, rest, " "); next }
		word == "note" { note = join(note, rest, " "); next }
		{ print FILENAME ":" FNR ": what is " $0 "?" >"/dev/stderr"; bad = 1 }
		END { flush(); exit bad }
	' "$@"
}

# "program/test OK|SKIPPED|FAILED" for each test of a program.
results() { # program log
	awk -v program="$1" '
		/^\[ +RUN +\]/ { running = $NF; next }
		/^\[ +OK \]/ { print program "/" $4, "OK"; running = "" }
		/^\[  SKIPPED \]/ { if (NF == 4) print program "/" $4, "SKIPPED" }
		/^\[  FAILED  \]/ { if (NF == 4 && $4 !~ /:$/) print program "/" $4, "FAILED" }
	' "$2"
}

flatten "$here"/*.rows >"$work/rows.tsv" || exit 2
bad=0
repeated=$(cut -f 1 "$work/rows.tsv" | sort | uniq -d)
[ -z "$repeated" ] || { echo "twice in the table: $repeated"; bad=1; }

: >"$work/results"
cut -f 3 "$work/rows.tsv" | tr ' ' '\n' | sort -u >"$work/tests"
for program in $(sed -n 's,/.*,,p' "$work/tests" | sort -u); do
	for binary in "$build"/test/*/"$program"; do
		[ -x "$binary" ] || continue
		TESTS=$(sed -n "s,^$program/,,p" "$work/tests") \
			timeout "$limit" "$binary" >"$work/$program.log" 2>&1
		results "$program" "$work/$program.log" >>"$work/results"
	done
done

awk -F '\t' -v json="$build/conformance.json" '
	function quoted(s) { gsub(/[\\"]/, "\\\\&", s); return "\"" s "\"" }
	FNR == NR { split($0, r, " "); if (!(r[1] in got) || r[2] != "OK") got[r[1]] = r[2]; next }
	{
		n = split($3, tests, " ")
		status = $4 == "" ? "pass" : "not built"
		why = $4 == "" ? $5 : $4
		wrong = n == 0 && $4 == "" ? "no test is named" : ""
		for (i = 1; i <= n; i++)
			if (got[tests[i]] != "OK")
				wrong = wrong (wrong == "" ? "" : ", ") tests[i] ": " \
					(tests[i] in got && got[tests[i]] != "" ? got[tests[i]] : "no such test")
		if (wrong != "") {
			status = "fail"
			why = wrong
		}
		count[status]++
		shown = $3
		gsub(/ /, ", ", shown)
		printf "%-22s %-10s%s%s%s\n", $1, status, shown, \
			shown != "" && why != "" ? "; " : "", why
		printf "%s\n\t{\"id\": %s, \"status\": %s, \"test\": %s, \"why\": %s}", \
			rows++ ? "," : "[", quoted($1), quoted(status), quoted(shown), quoted(why) >json
	}
	END {
		print (rows ? "\n]" : "[]") >json
		printf "%d rows pass, %d fail, %d are not built\n", count["pass"], count["fail"], \
			count["not built"]
		exit count["fail"] > 0
	}
' "$work/results" "$work/rows.tsv" || bad=1

# The table has all rows that are asked, and no others.
if [ -f "$specs/attack_corpus.json" ] && [ -f "$specs/conformance_requirements.json" ]; then
	sed -n 's/^ *"id": *"\(.*\)",*$/\1/p' "$specs/attack_corpus.json" \
		"$specs/conformance_requirements.json" | sort >"$work/asked"
	cut -f 1 "$work/rows.tsv" | sort >"$work/answered"
	comm -3 "$work/asked" "$work/answered" >"$work/differences"
	if [ -s "$work/differences" ]; then
		echo "asked and not in the table (left), in the table and not asked (right):"
		cat "$work/differences"
		bad=1
	fi
else
	echo "the lists of requirements are not here: that all are in the table is skipped"
fi
exit $bad
