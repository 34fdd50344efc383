#!/bin/sh
# Runs fuzz targets, FUZZ_JOBS at a time, prints a table and counts:
# fuzz.sh corpus FOLDER PROGRAM...   each committed input, test/fuzz/corpus/NAME/*, once
# fuzz.sh fuzz FOLDER PROGRAM...     that, then libFuzzer for FUZZ_SECONDS each
# fuzz.sh afl FOLDER PROGRAM...      AFL++ for FUZZ_SECONDS each, its own programs
# A dictionary is test/fuzz/NAME.dict. What is found stays in FOLDER/corpus (libFuzzer) and
# FOLDER/queue (AFL++), what fails in FOLDER/crashes.
set -u
mode=$1 folder=$2
shift 2
seconds=${FUZZ_SECONDS:-10}
# An input that takes this long, or this much memory, is a finding.
input_seconds=5 rss_mb=1024

said() { # result, how many inputs: a line of the table, and what the log says where it failed
	printf '%-8s %-16s %12s %6s  %s\n' "$step" "$name" "${2:--}" $(($(date +%s) - start)) "$1"
	echo "$1" >"$folder/result/$step-$name"
	[ "$1" = ok ] || tail -n 40 "$log" | sed 's/^/    /'
}

committed() {
	[ -n "$(ls "test/fuzz/corpus/$name" 2>/dev/null)" ]
}

run_corpus() {
	if ! committed; then
		echo "test/fuzz/corpus/$name is empty" >"$log"
		said FAILED 0
		return
	fi
	set -- "$1" test/fuzz/corpus/"$name"/*
	result=ok
	"$@" -timeout=$input_seconds -rss_limit_mb=$rss_mb >"$log" 2>&1 || result=FAILED
	# Each input is told when it has run.
	[ "$(grep -c '^Executed ' "$log")" = $(($# - 1)) ] || result=FAILED
	said $result "$(grep -c '^Executed ' "$log")"
}

run_libfuzzer() {
	corpus=$folder/corpus/$name
	mkdir -p "$corpus"
	set -- "$1" -max_total_time="$seconds" -print_final_stats=1 -timeout=$input_seconds \
		-rss_limit_mb=$rss_mb -artifact_prefix="$folder/crashes/$name-" "$corpus"
	committed && set -- "$@" "test/fuzz/corpus/$name"
	[ -f "test/fuzz/$name.dict" ] && set -- "$@" -dict="test/fuzz/$name.dict"
	result=ok
	"$@" >"$log" 2>&1 || result=FAILED
	execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	[ "${execs:-0}" = 0 ] && result=FAILED
	said $result "$execs"
}

# AFL++ as it is on a machine that nobody has tuned for it.
run_afl() {
	out=$folder/queue/$name
	rm -rf "$out"
	set -- -V "$seconds" -t $((input_seconds * 1000)) -i "test/fuzz/corpus/$name" -o "$out" -- "$1"
	[ -f "test/fuzz/$name.dict" ] && set -- -x "test/fuzz/$name.dict" "$@"
	result=ok
	FUZZ_TARGET=$name AFL_CUSTOM_MUTATOR_LIBRARY=$folder/mutator.so \
		AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 \
		AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 afl-fuzz "$@" >"$log" 2>&1 || result=FAILED
	execs=$(sed -n 's/^execs_done *: *//p' "$out/default/fuzzer_stats" 2>/dev/null)
	[ "${execs:-0}" = 0 ] && result=FAILED
	for found in "$out"/default/crashes/id* "$out"/default/hangs/id*; do
		[ -f "$found" ] || continue
		result=FAILED
		cp "$found" "$folder/crashes/$name-afl-$(basename "$found" | tr -c 'a-zA-Z0-9\n' -)"
		echo "found: $found" >>"$log"
	done
	said $result "$execs"
}

# One program: this script calls itself, so that xargs can keep as many under way as it may.
case $mode in
one-*)
	step=${mode#one-} name=$(basename "$1" _fuzz)
	log=$folder/log/$step-$name start=$(date +%s)
	"run_$step" "$1"
	exit 0
	;;
esac

each() { # step, programs
	what=$1
	shift
	printf '%s\n' "$@" | xargs -P "${FUZZ_JOBS:-2}" -n 1 "$0" "one-$what" "$folder"
}

if [ $# = 0 ]; then
	echo "no fuzz targets" >&2
	exit 1
fi
mkdir -p "$folder/log" "$folder/corpus" "$folder/crashes" "$folder/queue"
rm -rf "$folder/result"
mkdir "$folder/result"
printf '%-8s %-16s %12s %6s  %s\n' how target inputs s result
case $mode in
corpus) each corpus "$@" ;;
fuzz) each corpus "$@" && each libfuzzer "$@" ;;
afl) each afl "$@" ;;
esac
passed=$(cat "$folder"/result/* | grep -c '^ok$')
failed=$(cat "$folder"/result/* | grep -vc '^ok$')
# Who died without a word has failed too.
wanted=$#
[ "$mode" = fuzz ] && wanted=$(($# * 2))
failed=$((wanted - passed > failed ? wanted - passed : failed))
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
