#!/bin/bash
# make interop, second half: aditd keyed by hand (--xfrm) against a Linux kernel's own ESP and AH,
# keyed by `ip xfrm`: the states are one file, which both read. The kernel is a user-mode-linux, and
# needs no privilege of the machine's own kernel. As root.
#   kernel.sh [PATTERN]   only the rows whose names match
# Prints a table; puts its rows into BUILD/interop.json beside those of other peers.
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(realpath -m "${BUILD:-build}")
out=$BUILD/interop-kernel
pattern=${1:-}
. "$here/uml/uml.sh"
. "$here/kernel_rows.sh"

ns=adit$$-k
outer_a4=10.71.0.1 outer_p4=10.71.0.2 outer_a6=fd71::1 outer_p6=fd71::2
inner_a4=10.10.1.1 inner_p4=10.10.2.1 inner_a6=fd10:1::1 inner_p6=fd10:2::1
node_pid='' capture_pid='' rows=()
count=0 failed=0 lacking=0 started=$SECONDS

clean_up() {
	node_stop
	[ -n "$capture_pid" ] && kill "$capture_pid" 2>/dev/null
	uml_stop
	ip netns del "$ns" 2>/dev/null
}
trap 'trap - EXIT; clean_up; exit 130' INT TERM HUP
trap clean_up EXIT

skip() {
	echo "rows with a Linux kernel are skipped: $1"
	exit 0
}

need() {
	[ "$(id -u)" = 0 ] || {
		echo "make interop needs root: it makes network namespaces" >&2
		exit 2
	}
	"$here/../tools/deps.sh" ip ping tcpdump || exit 2
	uml_install || skip "user-mode-linux can't be installed here"
	[ -c /dev/net/tun ] || skip "no /dev/net/tun here"
}

# Neighbours are told and not asked for: a policy for all of IPv6 between two addresses catches
# their neighbour discovery too.
net_up() {
	ip netns add "$ns" || return
	ip -n "$ns" link set lo up
	ip netns exec "$ns" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	ip -n "$ns" tuntap add tap0 mode tap
	ip -n "$ns" link set tap0 address 02:00:00:00:00:01 up
	ip -n "$ns" addr add $outer_a4/24 dev tap0
	ip -n "$ns" addr add $outer_a6/64 dev tap0 nodad
	ip -n "$ns" addr add $inner_a4/32 dev lo
	ip -n "$ns" addr add $inner_a6/128 dev lo nodad
	ip -n "$ns" neigh replace $outer_p6 lladdr 02:00:00:00:00:02 dev tap0 nud permanent
	uml_start "$out/uml" "$ns" tap0 $outer_p4/24,$outer_p6/64 $inner_p4/32,$inner_p6/128 || return
	uml "ip neigh replace $outer_a6 lladdr 02:00:00:00:00:01 dev vec0 nud permanent
		ip route add $inner_a4 via $outer_a4 src $inner_p4
		ip -6 route add $inner_a6 via $outer_a6 src $inner_p6
		setsid $BUILD/test/interop/encap 4500 >/dev/null 2>&1 </dev/null &"
}

# --- What one row is made of.

row_defaults() {
	proto=esp mode=tunnel # of the SA, or the inner one of a bundle
	outer=4 inner=4 # IP versions
	alg="aead 'rfc4106(gcm(aes))' KEY:20 128"
	more='' # words of each state
	encap=  # yes: in UDP
	around= # algorithm of AH around
	around_mode=transport
	mtu=1400 # of the TUN device
	sizes='1 56 1000 1372 3000 8000'
	spi_base=4096
}

hex() { # bytes
	head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# The algorithm's words, with a new key where KEY:BYTES stands.
keyed() { # words
	local text=$1 key
	while [[ $text =~ KEY:([0-9]+) ]]; do
		key=0x$(hex "${BASH_REMATCH[1]}")
		text=${text/KEY:${BASH_REMATCH[1]}/$key}
	done
	echo "$text"
}

end_of() { # a | p, inner | outer, version
	local name=$2_$1$3
	echo "${!name}"
}

# In BEET and transport mode the addresses of the selectors follow from the mode.
selector_end() { # a | p, version
	case $mode in
	transport) end_of "$1" outer "$2" ;;
	*) end_of "$1" inner "$2" ;;
	esac
}

icmp_of() { # version
	[ "$1" = 4 ] && echo icmp || echo ipv6-icmp
}

write_state() { # from, to, spi, protocol, reqid, mode, algorithm, more
	local last='replay-oseq 0'
	[[ $8 != *replay-oseq* ]] || last=
	echo "ip xfrm state add src $(end_of "$1" outer $outer) dst $(end_of "$2" outer $outer)" \
		"proto $4 spi $3 reqid $5 mode $6 $(keyed "$7") replay-window 64 $last $8"
}

write_states() {
	local from to number=0 words
	for from in a p; do
		to=$([ $from = a ] && echo p || echo a)
		number=$((number + 1))
		words=$more
		[ -z "$encap" ] || words="$words encap espinudp 4500 4500 0.0.0.0"
		[ "$mode" != beet ] ||
			words="$words sel src $(selector_end $from "$inner") dst $(selector_end $to "$inner")"
		write_state $from $to $((spi_base * number + 1)) $proto 1 $mode "$alg" "$words"
		[ -z "$around" ] || write_state $from $to $((spi_base * number + 2)) ah 2 \
			$around_mode "$around" ''
	done
}

template() { # from, to, protocol, reqid, mode
	echo "tmpl src $(end_of "$1" outer $outer) dst $(end_of "$2" outer $outer)" \
		"proto $3 reqid $4 mode $5"
}

write_policies() { # whose: a | p
	local v from to dir
	for v in $inner; do
		for dir in out in; do
			from=$1
			[ $dir = out ] || from=$([ "$1" = a ] && echo p || echo a)
			to=$([ $from = a ] && echo p || echo a)
			echo "ip xfrm policy add src $(selector_end $from "$v")" \
				"dst $(selector_end $to "$v") proto $(icmp_of "$v") dir $dir" \
				"$(template $from $to $proto 1 $mode)" \
				"$([ -z "$around" ] || template $from $to ah 2 $around_mode)"
		done
	done
}

# --- Doing it.

node_start() {
	local i
	setsid ip netns exec "$ns" "$BUILD/aditd" --xfrm "$dir/adit.xfrm" --tun-mtu $mtu \
		--log debug --legacy >"$dir/aditd.log" 2>&1 </dev/null &
	node_pid=$!
	for ((i = 0; i < 50; i++)); do
		kill -0 "$node_pid" 2>/dev/null || return
		grep -qs 'by hand' "$dir/aditd.log" && return
		sleep .05
	done
	return 1
}

node_stop() {
	local i
	[ -n "$node_pid" ] || return 0
	kill "$node_pid" 2>/dev/null
	for ((i = 0; i < 40; i++)); do
		kill -0 "$node_pid" 2>/dev/null || break
		sleep .05
	done
	kill -9 "$node_pid" 2>/dev/null
	wait "$node_pid" 2>/dev/null
	node_pid=
}

capture_start() {
	local i
	ip netns exec "$ns" tcpdump --immediate-mode -Z root -U -n -s 0 -i tap0 -w "$dir/outside.pcap" \
		2>"$dir/tcpdump.log" &
	capture_pid=$!
	for ((i = 0; i < 40; i++)); do
		grep -qs listening "$dir/tcpdump.log" && return
		sleep .05
	done
}

capture_stop() {
	sleep .05
	kill -INT "$capture_pid" 2>/dev/null
	wait "$capture_pid" 2>/dev/null
	capture_pid=
}

# Three of each size, either way.
ping_all() {
	local v size target script=
	for v in $inner; do
		target=$(selector_end p "$v")
		for size in $sizes; do
			ip netns exec "$ns" ping -n -q -M dont -c 3 -i .01 -W 5 -s "$size" "$target" \
				>>"$dir/ping.log" 2>&1 || {
				why="no IPv$v ping of $size bytes from adit"
				return
			}
		done
		target=$(selector_end a "$v")
		for size in $sizes; do
			script+="ping -n -q -M dont -c 3 -i .01 -W 5 -s $size $target || exit $((size % 100 + 1))
			"
		done
	done
	uml "$script" >>"$dir/ping.log" 2>&1 || why="a ping to adit was lost: $(tail -n 5 "$dir/ping.log")"
}

# The kernel counts what it refuses, of the whole machine and of each state.
check_kernel() {
	local errors
	uml "cat /proc/net/xfrm_stat; ip -s xfrm state" >"$dir/kernel.out" 2>&1
	errors=$(awk '/^Xfrm/ && $2 != 0 { print $1, $2 }
		/replay-window .* failed/ { for (i = 1; i < NF; i++)
			if (($i == "replay" || $i == "failed") && $(i + 1) != 0) print $i, $(i + 1) }' \
		"$dir/kernel.out" | tr '\n' ' ')
	# xfrm_stat can't be reset: it holds what earlier rows left.
	[ "$errors" = "$errors_before" ] || why=${why:-the kernel counts $errors}
	errors_before=$(awk '/^Xfrm/ && $2 != 0 { print $1, $2 }' "$dir/kernel.out" | tr '\n' ' ')
	[ "$(grep -c '(packets)' "$dir/kernel.out")" -ge 2 ] || why=${why:-the kernel has no states}
	! grep -Eq '^ *0\(bytes\), 0\(packets\)' "$dir/kernel.out" ||
		why=${why:-a state of the kernel was not used}
}

check_node() {
	local i
	kill -USR1 "$node_pid" 2>/dev/null
	for ((i = 0; i < 40; i++)); do
		grep -q '^packets in' "$dir/aditd.log" && break
		sleep .05
	done
	! grep '^packets in' "$dir/aditd.log" | grep -q ERR_ ||
		why=${why:-aditd counts $(grep '^packets in' "$dir/aditd.log")}
	grep '^packets in' "$dir/aditd.log" | grep -q 'OK ' || why=${why:-aditd received nothing}
}

check_capture() {
	local clear
	clear=$(tcpdump -n -r "$dir/outside.pcap" 'icmp or (ip6 proto 58 and (ip6[40] == 128 or
		ip6[40] == 129)) or net 10.10.0.0/16 or net fd10::/16' 2>/dev/null | wc -l)
	[ "$clear" = 0 ] || why=${why:-$clear packets in clear on the outside}
}

run_row() {
	uml "ip xfrm state flush; ip xfrm policy flush; . $dir/states; . $dir/peer.policies" \
		>"$dir/xfrm.out" 2>&1
	[ ! -s "$dir/xfrm.out" ] || {
		why="ip xfrm: $(tail -n 1 "$dir/xfrm.out")"
		return
	}
	capture_start
	node_start || why="aditd did not start: $(tail -n 1 "$dir/aditd.log")"
	[ -n "$why" ] || ping_all
	[ -n "$why" ] || check_node
	node_stop
	check_kernel
	capture_stop
	check_capture
}

# A machine that has much else to do may be too late for a row once, and says so.
try_again() {
	local first=$why
	why=
	run_row
	note="(at the second try; at the first: $first)"
}

row() { # name VARIABLE=VALUE...
	local name=$1 result=pass setting
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
	write_states >"$dir/states"
	write_policies p >"$dir/peer.policies"
	{
		cat "$dir/states"
		write_policies a
	} >"$dir/adit.xfrm"
	printf '%-52s ' "$name"
	run_row
	[ -z "$why" ] || try_again
	[ -z "$why" ] || result=fail
	[ -z "$why" ] || failed=$((failed + 1))
	printf '%-5s %s\n' $result "$why$note"
	json_add "$name" $result "$why"
	[ -n "$why" ] || [ -n "${KEEP:-}" ] || rm -rf "$dir"
}

row_lacks() { # name why
	[[ -z $pattern || $1 =~ $pattern ]] || return 0
	count=$((count + 1)) lacking=$((lacking + 1))
	printf '%-52s %s: %s\n' "$1" "peer lacks it" "$2"
	json_add "$1" "peer lacks it" "$2"
}

# --- The table for machines.

json_add() { # row result why
	rows+=("$(printf ' {"peer": "%s", "row": "%s", "result": "%s", "why": "%s"}' "$peer" "$1" "$2" \
		"$(printf %s "$3" | tr '"\\\n\t' "'/  ")")")
}

# The rows of other peers, which stand one in a line, stay.
json_write() {
	local file=$BUILD/interop.json others
	others=$(sed -n 's/^\( {.*}\),\{0,1\}$/\1/p' "$file" 2>/dev/null | grep -v '"peer": "Linux')
	{
		echo '['
		{
			[ -z "$others" ] || printf '%s\n' "$others"
			[ ${#rows[@]} = 0 ] || printf '%s\n' "${rows[@]}"
		} | sed '$!s/$/,/'
		echo ']'
	} >"$file.new"
	mv "$file.new" "$file"
}

need
rm -rf "$out"
mkdir -p "$out"
net_up || {
	echo "the kernel did not start: $(tail -n 1 "$out/uml/console")" >&2
	exit 1
}
peer="Linux $(cat "$out/uml/ready")"
errors_before=
echo "aditd against $peer, both keyed by ip xfrm; each row: pings of several sizes both ways"
printf '%-52s %-5s %s\n' row result why
all_rows
json_write
echo "$((count - failed - lacking)) passed, $failed failed, $lacking that the peer lacks," \
	"in $((SECONDS - started)) s; $BUILD/interop.json"
[ "$failed" = 0 ] || echo "logs of the rows that failed: $out"
[ "$failed" = 0 ]
