#!/bin/sh
# Runs one program of test/ct: watch.sh PROGRAM. What marks secrets runs under valgrind, without the
# provider's own reports; where ADIT_CT_PROVIDER is set, with nothing but them, and then the
# functions that they come from (it is a library to load first, or a space for none). What valgrind
# said of a program that fails is shown.
set -u
here=$(dirname "$0")
log=$1.valgrind

case $1 in
*secrets*) ;;
*) exec "$@" ;;
esac

if [ -z "${ADIT_CT_PROVIDER:-}" ]; then
	valgrind -q --error-limit=no --log-file="$log" --suppressions="$here/provider.supp" "$1"
	status=$?
	[ $status = 0 ] || cat "$log"
	exit $status
fi

LD_PRELOAD=$ADIT_CT_PROVIDER valgrind -q --error-limit=no --log-file="$log" "$1" 2>&1 |
	grep 'inside the provider$'
echo "  their places, and how many there are in each:"
sed -n 's/.* at 0x[0-9A-F]*: \(.*\) (in .*mbedcrypto.*)/\1/p; s/.* at 0x[0-9A-F]*: \(mbedtls_[^ ]*\).*/\1/p' "$log" |
	sort | uniq -c | sort -rn | sed 's/???/functions without a name/; s/^/  /'
