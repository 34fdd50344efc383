#!/bin/sh
# findings.sh KNOWN LOG...: shows what analyzers found that KNOWN has no reason for, and fails if
# there is any. A line of KNOWN: file, name of the check, reason. What was planted must be found;
# what else nobody finds any more is told. The last line is "N passed, N failed, N skipped": logs
# read, findings.
set -u
known=$1
shift

found=$(cat "$@" | sed "s,^$PWD/,," |
	grep -E '^[^ :]+:[0-9]+:[0-9]+: (warning|error): ' | sort -u)
printf '%s\n' "$found" | awk -v logs=$# -v list="$known" '
	FNR == NR && FILENAME == list {
		if (/^#/ || NF == 0)
			next
		if (NF < 3) {
			print list ":" FNR ": no reason is given"
			bad++
		}
		reason[$1 " " $2] = $3
		next
	}
	NF == 0 { next }
	{
		file = $1
		sub(/:.*/, "", file)
		check = $NF
		gsub(/[][]/, "", check)
		sub(/,.*/, "", check)
		if ((file " " check) in reason) {
			seen[file " " check] = 1
			n_known++
			next
		}
		print
		bad++
	}
	END {
		for (r in reason)
			if (!(r in seen)) {
				print list ": nobody finds " r " any more"
				bad += reason[r] == "planted"
			}
		printf "%d findings are known and no faults\n", n_known
		printf "%d passed, %d failed, 0 skipped\n", logs, bad
		exit bad > 0
	}
' "$known" -
