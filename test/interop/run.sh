#!/bin/bash
# make interop: aditd against strongSwan, each in a namespace of its own, with pings through every
# tunnel in both directions and a capture of the outside that must hold no ICMP in clear. As root.
#   run.sh [PATTERN]   only the rows whose names match
# Prints a table; leaves BUILD/interop.json, and the logs of every row in BUILD/interop/.
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(realpath -m "${BUILD:-build}")
out=$BUILD/interop
pattern=${1:-}
. "$here/net.sh"
. "$here/strongswan.sh"
. "$here/node.sh"
. "$here/conf.sh"
. "$here/rows.sh"

capture_pid=
failed=0 count=0 lacking=0
started=$SECONDS

stop_capture() {
	[ -n "$capture_pid" ] || return 0
	# What was sent last is still on its way through the capture's buffer.
	sleep .1
	kill -INT "$capture_pid" 2>/dev/null
	wait "$capture_pid" 2>/dev/null
	capture_pid=
}

clean_up() {
	stop_capture
	node_stop
	peer_stop
	net_down
}

trap 'trap - EXIT; clean_up; exit 130' INT TERM HUP
trap clean_up EXIT

need() {
	[ "$(id -u)" = 0 ] || {
		echo "make interop needs root: it makes network namespaces" >&2
		exit 2
	}
	"$here/../tools/deps.sh" ip ping nft tcpdump tshark || exit 2
	peer_install || {
		echo "strongSwan could not be installed" >&2
		exit 2
	}
	[ -c /dev/net/tun ] || {
		echo "no /dev/net/tun here" >&2
		exit 2
	}
}

wait_for() { # seconds command...
	local i tries=$(($1 * 10))
	shift
	for ((i = 0; i < tries; i++)); do
		"$@" && return
		sleep .1
	done
	return 1
}

start_capture() { # file
	local i
	ip netns exec "$ns_peer" tcpdump --immediate-mode -Z root -U -n -s 0 -i out0 -w "$1" \
		2>"$1.log" &
	capture_pid=$!
	for ((i = 0; i < 40; i++)); do
		grep -qs listening "$1.log" && return
		sleep .05
	done
}

# Pings either way, both versions. Sets why.
ping_once() { # namespace address
	ip netns exec "$1" ping -n -q -c 3 -i 0.05 -W 2 "$2" >>"$dir/ping.log" 2>&1
}

ping_all() {
	ping_once "$ns_adit" 10.10.2.1 || why="no IPv4 ping from adit"
	ping_once "$ns_peer" 10.10.1.1 || why="no IPv4 ping to adit"
	ping_once "$ns_adit" fd10:2::1 || why="no IPv6 ping from adit"
	ping_once "$ns_peer" fd10:1::1 || why="no IPv6 ping to adit"
	[ -z "$why" ]
}

# How many packets of the row's capture a filter finds.
captured() { # filter
	tcpdump -n -r "$dir/outside.pcap" "$1" 2>/dev/null | wc -l
}

# IPv6 neighbours find each other by ICMPv6; what is echoed inside is not seen outside.
check_capture() {
	local clear hidden
	stop_capture
	clear=$(captured 'net 10.10.0.0/16 or net fd10::/16 or (icmp and (icmp[0] == 8 or
		icmp[0] == 0)) or (icmp6 and (ip6[40] == 128 or ip6[40] == 129))')
	hidden=$(captured 'esp or (ip and udp port 4500 and udp[8:4] != 0) or
		(ip6 and udp port 4500 and ip6[48:4] != 0)')
	[ "$clear" = 0 ] || why="$clear packets in clear on the outside"
	[ "$hidden" -ge 24 ] || why="${why:-only $hidden ESP packets on the outside}"
}

start_row() {
	if [ "$net_now" != "$net" ]; then
		net_up "$net" || return
	fi
	conf_write "$dir"
	start_capture "$dir/outside.pcap"
	peer_start "$dir" "$peer_settings_more" || why="charon did not start"
	[ "$initiator" = adit ] && ${prelude:-true}
	[ -n "$why" ] || node_start "$dir" || why="aditd did not start"
	[ "$initiator" = peer ] && ${prelude:-true}
	[ -n "$why" ] || [ "$initiator" = adit ] || peer_initiate ||
		why="the initiation failed"
	[ -n "$why" ] || wait_for 10 peer_is_up || why="no SA came up"
}

run_row() {
	local check
	start_row
	[ -n "$why" ] || ping_all
	for check in $checks; do
		[ -n "$why" ] || $check
	done
	node_stop || why=${why:-aditd ended with status $?}
	peer_stop
	check_capture
}

json_add() { # row result why
	[ "$count" -gt 1 ] && printf ',\n' >>"$BUILD/interop.json"
	printf ' {"peer": "%s", "row": "%s", "result": "%s", "why": "%s"}' "$peer_full" "$1" "$2" \
		"$(printf %s "$3" | tr '"\\\n' "'/ ")" >>"$BUILD/interop.json"
}

# A machine that has much else to do may be too late for a row once, and says so.
try_again() {
	local first=$why
	why= note=
	run_row
	note="$note (at the second try; at the first: $first)"
}

row() { # name VARIABLE=VALUE...
	local name=$1 result=pass from=$SECONDS setting
	shift
	[[ -z $pattern || $name =~ $pattern ]] || return 0
	row_defaults
	for setting; do
		printf -v "${setting%%=*}" %s "${setting#*=}"
	done
	count=$((count + 1))
	dir=$out/$(printf %02d $count)
	why= note=
	mkdir -p "$dir"
	echo "$name" >"$dir/name"
	printf '%-52s ' "$name"
	run_row
	[ -z "$why" ] || try_again
	[ -z "$why" ] || result=fail
	[ -z "$why" ] || failed=$((failed + 1))
	printf '%-5s %3ds  %s\n' $result $((SECONDS - from)) "$why$note"
	json_add "$name" $result "$why"
	# The logs of a row that failed are for reading; of the others the table is enough.
	[ -n "$why" ] || [ -n "${KEEP:-}" ] || rm -rf "$dir"
}

# What this peer can't do, so that nobody takes silence for a pass.
row_lacks() { # name why
	[[ -z $pattern || $1 =~ $pattern ]] || return 0
	count=$((count + 1)) lacking=$((lacking + 1))
	printf '%-52s %s: %s\n' "$1" "peer lacks it" "$2"
	json_add "$1" "peer lacks it" "$2"
}

need
rm -rf "$out"
mkdir -p "$out"
printf '[\n' >"$BUILD/interop.json"
peer_full="$peer_name $(peer_version)"
echo "aditd against $peer_full (userland ESP); each row: pings of IPv4 and IPv6 both ways"
printf '%-52s %-5s %4s  %s\n' row result time why
all_rows
printf '\n]\n' >>"$BUILD/interop.json"
echo "$((count - failed - lacking)) passed, $failed failed, $lacking that the peer lacks," \
	"in $((SECONDS - started)) s; $BUILD/interop.json"
[ "$failed" = 0 ] || echo "logs of the rows that failed: $out"
[ "$failed" = 0 ]
