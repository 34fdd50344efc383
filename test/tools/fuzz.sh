#!/bin/sh
# Runs libFuzzer programs for FUZZ_SECONDS each, FUZZ_JOBS at a time, and prints a table:
# fuzz.sh FOLDER PROGRAM... Seeds come from test/fuzz/corpus/NAME and a dictionary from
# test/fuzz/NAME.dict where they exist; what is found stays in FOLDER/corpus, FOLDER/crashes.
set -u
folder=$1
shift
seconds=${FUZZ_SECONDS:-10}
# An input that takes this long, or this much memory, is a finding.
input_seconds=5 rss_mb=1024
mkdir -p "$folder/log" "$folder/corpus" "$folder/crashes"

one() {
	name=$(basename "$1" _fuzz)
	corpus=$folder/corpus/$name log=$folder/log/$name
	mkdir -p "$corpus"
	set -- "$1" -max_total_time="$seconds" -print_final_stats=1 -timeout=$input_seconds \
		-rss_limit_mb=$rss_mb -artifact_prefix="$folder/crashes/$name-" "$corpus"
	[ -d "test/fuzz/corpus/$name" ] && set -- "$@" "test/fuzz/corpus/$name"
	[ -f "test/fuzz/$name.dict" ] && set -- "$@" -dict="test/fuzz/$name.dict"
	start=$(date +%s)
	result=ok
	"$@" >"$log" 2>&1 || result=FAILED
	execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	[ "${execs:-0}" = 0 ] && result=FAILED
	printf '%-24s %12s %6s  %s\n' "$name" "${execs:--}" $(($(date +%s) - start)) $result
	[ $result = ok ] && return
	tail -n 40 "$log" | sed 's/^/    /'
	touch "$folder/failed"
}

if [ $# = 0 ]; then
	echo "no fuzz targets" >&2
	exit 1
fi
rm -f "$folder/failed"
printf '%-24s %12s %6s  %s\n' target runs s result
running=0
for program; do
	if [ $running -ge "${FUZZ_JOBS:-2}" ]; then
		# POSIX sh can't wait for whichever ends first; all of them take the same time.
		wait
		running=0
	fi
	one "$program" &
	running=$((running + 1))
done
wait
[ ! -e "$folder/failed" ]
