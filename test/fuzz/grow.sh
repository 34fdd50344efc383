#!/bin/sh
# Makes the committed corpus anew: grow.sh FOLDER FRAMES PROGRAM...
# Of what is committed, what fuzzing found (FOLDER/corpus, AFL++'s FOLDER/../afl/queue), what the
# vectors give (seeds.py) and what the simulator's nodes are given (FRAMES is its program, frames.py),
# the smallest set of inputs that takes every branch that any of them takes, once, twice, often.
# Inputs with names of their own stay; those that were found are named by their digest.
set -u
folder=$1 frames=$2
shift 2
most_bytes=4096 worlds=40
vectors=${ADIT_SHARED:-../shared}/vectors

seeds=$folder/seeds
rm -rf "$seeds"
if [ -d "$vectors" ]; then
	python3 test/fuzz/seeds.py "$vectors" "$seeds" || exit 1
else
	echo "no $vectors: without its inputs" >&2
fi
"$frames" 0 $worlds >"$folder/frames" || exit 1
python3 test/fuzz/frames.py "$seeds" <"$folder/frames" || exit 1
for program; do
	name=$(basename "$program" _fuzz)
	committed=test/fuzz/corpus/$name
	all=$folder/grow/$name/all new=$folder/grow/$name/new
	rm -rf "$folder/grow/$name"
	mkdir -p "$all" "$new" "$committed"
	for from in "$committed" "$folder/corpus/$name" "$folder/../afl/queue/$name/default/queue" \
		"$seeds/$name"; do
		[ -d "$from" ] || continue
		find "$from" -maxdepth 1 -type f -size -$((most_bytes + 1))c -exec cp -t "$all" {} +
	done
	find "$committed" -type f | grep -Ev '/[0-9a-f]{40}$' | xargs -r cp -t "$new"
	"$program" -set_cover_merge=1 "$new" "$all" >"$folder/grow/$name/log" 2>&1 ||
		{ tail -n 20 "$folder/grow/$name/log"; exit 1; }
	rm -f "$committed"/*
	cp "$new"/* "$committed"
	printf '%-16s %5s inputs %8s bytes\n' "$name" "$(ls "$committed" | wc -l)" \
		"$(cat "$committed"/* | wc -c)"
done
