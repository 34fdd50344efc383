#!/bin/bash
# Two aditds with a router between them, whose far side takes shorter packets: path MTUs are learnt,
# told to those inside, and TCP goes through; whoever may be cut is cut. As root.
#
#   a 10.71.1.1 -- 1500 -- 10.71.1.254 router 10.71.2.254 -- 1300 -- b 10.71.2.1
#   inside: 10.10.1.1, fd10:1::1                             10.10.2.1, fd10:2::1
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(realpath -m "${BUILD:-build}")
dir=$BUILD/interop-pmtu
a=adit$$-a b=adit$$-b r=adit$$-r
narrow=1300 bytes=3000000
pids='' failed=0 passed=0

stop() {
	local pid
	for pid in $pids; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	pids=
}

clean_up() {
	local ns
	stop
	for ns in $a $b $r; do
		ip netns del "$ns" 2>/dev/null
	done
}

trap 'trap - EXIT; clean_up; exit 130' INT TERM HUP
trap clean_up EXIT

in_ns() {
	ip netns exec "$@"
}

make_end() { # namespace number mtu
	local ns=$1 n=$2
	ip link add out0 netns "$ns" type veth peer name "to$n" netns "$r"
	ip -n "$ns" addr add "10.71.$n.1/24" dev out0
	ip -n "$ns" addr add "fd71:$n::1/64" dev out0 nodad
	ip -n "$r" addr add "10.71.$n.254/24" dev "to$n"
	ip -n "$r" addr add "fd71:$n::254/64" dev "to$n" nodad
	ip -n "$ns" link set out0 mtu "$3" up
	ip -n "$r" link set "to$n" mtu "$3" up
	ip -n "$ns" addr add "10.10.$n.1/32" dev lo
	ip -n "$ns" addr add "fd10:$n::1/128" dev lo nodad
}

make_net() {
	local ns
	for ns in $a $b $r; do
		ip netns add "$ns" || exit 2
		ip -n "$ns" link set lo up
		in_ns "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	done
	make_end "$a" 1 1500
	make_end "$b" 2 "$narrow"
	ip -n "$a" route add 10.71.2.0/24 via 10.71.1.254
	ip -n "$b" route add 10.71.1.0/24 via 10.71.2.254
	ip -n "$a" route add fd71:2::/64 via fd71:1::254
	ip -n "$b" route add fd71:1::/64 via fd71:2::254
}

address() { # number
	if [ "$outer" = 6 ]; then echo "fd71:$1::1"; else echo "10.71.$1.1"; fi
}

write_conf() { # own number, other's, start_action
	cat <<-C
		connections {
			t {
				version = 2
				local_addrs = $(address "$1")
				remote_addrs = $(address "$2")
				encap = $encap
				proposals = aes128gcm16-prfsha256-curve25519
				local {
					auth = psk
					id = end$1.test
				}
				remote {
					auth = psk
					id = end$2.test
				}
				children {
					c {
						local_ts = 10.10.$1.0/24,fd10:$1::/64
						remote_ts = 10.10.$2.0/24,fd10:$2::/64
						esp_proposals = $esp
						start_action = $3
					}
				}
			}
		}
		secrets {
			ike-t {
				secret = "a path that is narrow"
			}
		}
	C
}

start_node() { # namespace number other start_action
	write_conf "$2" "$3" "$4" >"$dir/$2.conf"
	setsid ip netns exec "$1" "$BUILD/aditd" --config "$dir/$2.conf" --log debug \
		>"$dir/$2.log" 2>&1 </dev/null &
	pids="$pids $!"
}

is_up() {
	in_ns "$a" ping -n -q -c 1 -W 1 10.10.2.1 >/dev/null 2>&1
}

open_tunnel() {
	local i
	start_node "$b" 2 1 none
	start_node "$a" 1 2 start
	for ((i = 0; i < 30; i++)); do
		is_up && break
		sleep .2
	done
	is_up || return
	in_ns "$r" tcpdump --immediate-mode -Z root -U -n -s 120 -i to2 -w "$dir/narrow.pcap" \
		2>"$dir/tcpdump.log" &
	pids="$pids $!"
	for ((i = 0; i < 40; i++)); do
		grep -qs listening "$dir/tcpdump.log" && return
		sleep .05
	done
}

# Outer packets in fragments, on the narrow side.
fragments() {
	sleep .3
	tcpdump -n -r "$dir/narrow.pcap" '(ip[6:2] & 0x3fff != 0) or (ip6[6] == 44)' 2>/dev/null |
		wc -l
}

try() { # what command...
	local what=$1
	shift
	# A machine that has much else to do may be too late once.
	if "$@" >"$dir/try.out" 2>&1 || { sleep 2; "$@" >>"$dir/try.out" 2>&1; }; then
		passed=$((passed + 1))
		printf '  %-60s pass\n' "$what"
	else
		failed=$((failed + 1))
		printf '  %-60s FAIL\n' "$what"
		sed 's/^/      /' "$dir/try.out" | tail -n 12
	fi
}

transfer() { # from, to, address
	local taken
	in_ns "$2" "$BUILD/test/interop/tcp" take "$3" 7777 >"$dir/taken" &
	taken=$!
	sleep .3
	in_ns "$1" "$BUILD/test/interop/tcp" give "$3" 7777 $bytes >"$dir/given" || {
		cat "$dir/given" "$dir/taken"
		return 1
	}
	wait $taken && diff "$dir/given" "$dir/taken"
}

learnt() {
	grep "says that packets to $(address 2) may have $narrow bytes" "$dir/1.log"
}

# What a ping with DF is told; then the longest that passes does pass.
told_and_true() { # ping options, bytes of headers, address
	local mtu
	# The first one finds out, another one is told.
	in_ns "$a" ping -n $1 -M do -c 4 -i 0.2 -W 1 -s $((1400 - $2)) "$3" >"$dir/ping.out" 2>&1
	mtu=$(sed -n 's/.*mtu *= *\([0-9]*\).*/\1/p' "$dir/ping.out" | tail -n 1)
	cat "$dir/ping.out"
	[ -n "$mtu" ] && [ "$mtu" -lt "$narrow" ] && [ "$mtu" -gt $((narrow - 130)) ] || return
	in_ns "$a" ping -n $1 -M do -c 2 -i 0.2 -W 1 -s $((mtu - $2)) "$3"
}

cut_ping() {
	in_ns "$a" ping -n $1 -M dont -c 3 -i 0.2 -W 1 -s 3000 "$2"
}

no_fragments() {
	local n
	n=$(fragments)
	echo "$n fragments of outer packets"
	[ "$n" = 0 ]
}

tunnel() { # name VARIABLE=VALUE...
	local setting
	echo "$1"
	shift
	outer=4 encap=no esp=aes128gcm16
	for setting; do
		printf -v "${setting%%=*}" %s "${setting#*=}"
	done
	ip -n "$a" route flush cache
	in_ns "$a" ip -6 route flush cache
	try "the tunnel comes up" open_tunnel
	try "TCP goes to b" transfer "$a" "$b" 10.10.2.1
	try "TCP of IPv6" transfer "$a" "$b" fd10:2::1
	try "TCP the other way" transfer "$b" "$a" 10.10.1.1
	try "a ping with DF is told what passes" told_and_true -4 28 10.10.2.1
	try "the path's MTU was learnt from the router" learnt
	try "none of these was cut outside" no_fragments
	try "an IPv6 ping is told what passes" told_and_true -6 48 fd10:2::1
	try "a ping without DF is cut inside and answered" cut_ping -4 10.10.2.1
	try "an IPv6 ping in fragments is answered" cut_ping -6 fd10:2::1
	stop
}

# --- Transport mode by hand: inside and outside have the same addresses.

write_states() { # own number, protocol, keys
	local n o
	for n in 1 2; do
		o=$((3 - n))
		echo "state add src $(address $n) dst $(address $o) proto $2 spi 0x100$n mode transport $3"
		echo "policy add src $(address $n) dst $(address $o) dir" \
			"$([ $n = "$1" ] && echo out || echo in) tmpl proto $2 mode transport"
	done
}

open_by_hand() { # protocol, keys
	local n ns i
	for n in 1 2; do
		[ $n = 1 ] && ns=$a || ns=$b
		write_states $n "$1" "$2" >"$dir/$n.xfrm"
		setsid ip netns exec "$ns" "$BUILD/aditd" --xfrm "$dir/$n.xfrm" --log debug \
			>"$dir/$n.log" 2>&1 </dev/null &
		pids="$pids $!"
	done
	for ((i = 0; i < 30; i++)); do
		grep -qs 'by hand' "$dir/1.log" && grep -qs 'by hand' "$dir/2.log" && break
		sleep .2
	done
	in_ns "$a" ping -n -q -c 1 -W 1 "$(address 2)"
}

# What passes once goes on to pass: what this host is told of the inside narrows nothing outside.
stays() {
	told_and_true -4 28 "$(address 2)" || return
	told_and_true -4 28 "$(address 2)" >/dev/null
	in_ns "$a" ping -n -M do -c 4 -i 0.2 -W 1 -s $((narrow - 100 - 28)) "$(address 2)" |
		tee "$dir/stays.out"
	grep -q ' 4 received' "$dir/stays.out"
}

# The route is narrower than what the SA believes. AH may be lost then, and never cut into what
# fails at the peer.
none_forged() {
	local n
	ip -n "$a" route replace 10.71.2.0/24 via 10.71.1.254 mtu 1000
	in_ns "$a" ping -n -M probe -c 3 -i 0.2 -W 1 -s 1100 "$(address 2)"
	ip -n "$a" route replace 10.71.2.0/24 via 10.71.1.254
	for n in $pids; do kill -USR1 "$n"; done
	sleep .5
	cat "$dir/2.log"
	grep -q 'forged 0' "$dir/2.log" && ! grep -q 'forged [1-9]' "$dir/2.log"
}

by_hand() { # name, protocol, keys
	echo "$1"
	outer=4
	ip -n "$a" route flush cache
	try "both ends speak" open_by_hand "$2" "$3"
	try "what a ping is told goes on to pass" stays
	[ "$2" = ah ] && try "nothing is cut into what AH refuses" none_forged
	stop
}

[ "$(id -u)" = 0 ] || {
	echo "pmtu.sh needs root: it makes network namespaces" >&2
	exit 2
}
rm -rf "$dir"
mkdir -p "$dir"
make_net
tunnel "ESP over IPv4"
tunnel "ESP in UDP over IPv4" encap=yes
tunnel "CBC and HMAC over IPv4" esp=aes256-sha512
tunnel "ESP over IPv6" outer=6
tunnel "ESP in UDP over IPv6" outer=6 encap=yes
mac="auth-trunc hmac(sha256) 0x$(printf 'b7%.0s' {1..32}) 128"
by_hand "ESP in transport mode over IPv4" esp "enc cbc(aes) 0x$(printf 'c1%.0s' {1..16}) $mac"
by_hand "AH in transport mode over IPv4" ah "$mac"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
