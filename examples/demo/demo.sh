#!/bin/bash
# make demo: two aditd with a tunnel between them, on this machine, and the proof that it is one.
# With network namespaces and TUN devices (root, or an ordinary user where the kernel lets him make
# his own): ordinary ping and TCP. Else both nodes run over UDP on 127.0.0.1, with a ping of their
# own inside (ADIT_DEMO_LOOPBACK=1 asks for that). What it leaves is in BUILD/demo/; what it starts
# and makes, it ends and removes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(realpath -m --relative-to=. "${BUILD:-build}")
out=$BUILD/demo
left=adit-demo$$-l right=adit-demo$$-r
megabytes=100
pids=()

say() { # heading
	printf '\n== %s\n' "$*"
}

indent() {
	sed 's/^/   /'
}

fail() {
	echo "make demo failed: $*" >&2
	local log
	for log in "$out"/*.log; do
		echo "--- $log:" >&2
		tail -n 15 "$log" >&2
	done
	exit 1
}

clean_up() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait
	ip netns del $left 2>/dev/null
	ip netns del $right 2>/dev/null
}

trap 'clean_up' EXIT
trap 'exit 130' INT TERM HUP

wait_for() { # seconds command...
	local i tries=$(($1 * 20))
	shift
	for ((i = 0; i < tries; i++)); do
		"$@" && return
		sleep .05
	done
	return 1
}

# start NAME COMMAND...: in the background, its words in NAME.log; its number in $started.
start() {
	local log=$out/$1.log
	shift
	"$@" >"$log" 2>&1 </dev/null &
	started=$!
	pids+=("$started")
}

# stop NUMBER: ends it as a person would, and gives its status.
stop() {
	kill "$1" 2>/dev/null
	wait "$1"
}

logged() { # name pattern
	grep -qs "$2" "$out/$1.log"
}

# --- What both ways share.

write_conf() { # name, address, other's address, number, other's number, start_action, more
	cat >"$out/$1.conf" <<-C
		connections {
			demo {
				version = 2
				local_addrs = $2
				remote_addrs = $3
				proposals = aes256gcm16-prfsha384-curve25519
				$7
				local {
					auth = psk
					id = $1.example
				}
				remote {
					auth = psk
				}
				children {
					net {
						local_ts = 10.$4.0.1/32, fd00:$4::1/128
						remote_ts = 10.$5.0.1/32, fd00:$5::1/128
						esp_proposals = aes128gcm16
						start_action = $6
					}
				}
			}
		}
		secrets {
			ike-demo {
				secret = "correct horse battery staple"
			}
		}
	C
}

# The left node's log of how the tunnel came up: each message with its payloads, what was chosen.
show_handshake() {
	sed -n '/initiating/,/CHILD_SA .* established/p' "$out/left.log" |
		grep -v ' ip -[46] ' | cut -d' ' -f2- | sed 's/\(.\{92\}[^ ]*\) /\1\n        /g' | indent
}

show_sas() { # number of the left node's process
	local before
	before=$(wc -l <"$out/left.log")
	kill -USR1 "$1"
	wait_for 3 sas_shown "$before" || fail "no answer to SIGUSR1"
	sleep .1
	tail -n +$((before + 1)) "$out/left.log" | sed -n '/^demo: #/,/^packets in/p' | indent
}

sas_shown() { # lines before
	tail -n +$(($1 + 1)) "$out/left.log" | grep -q '^packets in'
}

# What a reader of the capture without keys sees, and one with keys.
show_capture() { # what sniff said
	grep -v '^listening' "$1" | indent
	grep -q ' 0 frames .* in clear$' "$1" || fail "something went over the link in clear"
	if grep -q 'too fast' "$1"; then
		echo "   So: of the frames that the capture could keep up with, none was in clear."
	else
		echo "   So: nothing of what went through the tunnel was seen outside but as ESP."
	fi
}

show_decapsulated() {
	"$BUILD/adit-pcap" decap --sa "$out/esp_sa" "$out/outside.pcap" "$out/inside.pcap" \
		>"$out/adit-pcap.said" 2>&1 || fail "adit-pcap: $(tail -n 1 "$out/adit-pcap.said")"
	indent <"$out/adit-pcap.said"
	[ -x "$(command -v tshark)" ] || return 0
	BUILD=$BUILD "$here/../../test/interop/pcap_agree.sh" "$out/outside.pcap" "$out" 2000 \
		>"$out/tshark.said" 2>&1 || fail "tshark: $(tail -n 1 "$out/tshark.said")"
	echo "   tshark, on the first 2000 frames: $(tail -n 1 "$out/tshark.said")"
}

show_files() { # more of Wireshark's options
	cat <<-F
		   $out/outside.pcap            the link between the nodes
		   $out/inside.pcap             the same, without ESP
		   $out/esp_sa                  keys of ESP, as Wireshark reads them
		   $out/ikev2_decryption_table  keys of IKE, likewise
		   Wireshark (or tshark) deciphers the capture with:
		     WIRESHARK_CONFIG_DIR=$out wireshark \\
		       -o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE \\
		       ${1:+$1 }-r $out/outside.pcap
	F
}

# --- Two network namespaces.

can_have_namespaces() {
	[ -c /dev/net/tun ] && ip netns add $left 2>/dev/null && ip netns add $right 2>/dev/null &&
		ip -n $left tuntap add mode tun name probe 2>/dev/null &&
		ip -n $left link del probe 2>/dev/null
}

make_node() { # namespace number
	ip -n "$1" link set lo up
	ip -n "$1" addr add "192.0.2.$2/24" dev wire
	ip -n "$1" addr add "10.$2.0.1/32" dev lo
	ip -n "$1" addr add "fd00:$2::1/128" dev lo nodad
	ip -n "$1" link set wire up
}

make_nodes() {
	ip link add wire netns $left type veth peer name wire netns $right &&
		make_node $left 1 && make_node $right 2
}

in_left() {
	ip netns exec $left "$@"
}

in_right() {
	ip netns exec $right "$@"
}

show_ping() { # address
	in_left ping -n -i 0.1 -c 10 "$1" >"$out/ping.said" 2>&1 ||
		fail "no answer to ping $1: $(tail -n 3 "$out/ping.said")"
	sed -n '/statistics/,$p' "$out/ping.said" | indent
}

show_transfer() {
	local receiver
	start receive ip netns exec $right "$BUILD/examples/demo/xfer" receive 10.2.0.1 5001
	receiver=$started
	in_left timeout 40 "$BUILD/examples/demo/xfer" send 10.2.0.1 5001 $megabytes \
		>"$out/transfer.said" 2>&1 || fail "the transfer: $(cat "$out/transfer.said")"
	wait "$receiver" || fail "the receiver of the transfer"
	indent <"$out/transfer.said"
}

demo_namespaces() {
	local sniffer left_pid right_pid
	say "Two nodes, each in a network namespace of its own"
	cat <<-'P'
		   left    192.0.2.1 ------- link ------- 192.0.2.2    right
		   inside: 10.1.0.1, fd00:1::1            10.2.0.1, fd00:2::1
		   No route leads from inside to inside but the tunnel.
	P
	make_nodes || fail "the namespaces could not be joined"
	write_conf left 192.0.2.1 192.0.2.2 1 2 start ""
	write_conf right 192.0.2.2 192.0.2.1 2 1 none ""

	say "The handshake, as the left node sees it (IKEv2 with a pre-shared key)"
	start sniff ip netns exec $left "$BUILD/examples/demo/sniff" live wire "$out/outside.pcap"
	sniffer=$started
	wait_for 3 logged sniff listening || fail "the link can't be captured"
	start right ip netns exec $right "$BUILD/aditd" --config "$out/right.conf" --log info
	right_pid=$started
	wait_for 3 in_right ip link show up dev adit0 >/dev/null 2>&1 || fail "the right node"
	start left ip netns exec $left "$BUILD/aditd" --config "$out/left.conf" --keylog "$out"
	left_pid=$started
	wait_for 10 logged left 'CHILD_SA .* established' || fail "no tunnel"
	show_handshake

	say "ping through the tunnel"
	show_ping 10.2.0.1
	show_ping fd00:2::1

	say "TCP through the tunnel"
	show_transfer

	say "The SAs of the left node (kill -USR1)"
	show_sas "$left_pid"

	say "Both nodes end (SIGTERM), the left one deletes its SAs at the right one"
	stop "$left_pid" || fail "the left node ended with status $?"
	stop "$right_pid" || fail "the right node ended with status $?"
	sed -n '/INFORMATIONAL request .*\[ D/,$p' "$out/left.log" | grep -v ' ip -[46] ' |
		cut -d' ' -f2- | indent

	say "What was seen on the link (a capture apart from aditd)"
	sleep .5
	stop "$sniffer"
	show_capture "$out/sniff.log"

	say "adit-pcap takes ESP off the capture, with the key file"
	show_decapsulated
	say "What is left"
	show_files
	printf '\nThis was the whole: network namespaces and TUN devices, ordinary ping and TCP.\n'
}

# --- 127.0.0.1.

ports=(15500 15501 25500 25501)

userland() { # name ike-port natt-port arguments...
	start "$1" "$BUILD/aditd" --config "$out/$1.conf" --userland --ike-port "$2" \
		--natt-port "$3" "${@:4}"
}

# One run of the left node, which ends by itself after its pings.
ping_once() { # log's name, address, more arguments
	local name=$1 address=$2
	shift 2
	"$BUILD/aditd" --config "$out/left.conf" --userland --ike-port "${ports[0]}" \
		--natt-port "${ports[1]}" --ping "$address,5" "$@" >"$out/$name.log" 2>&1 &
	started=$!
	pids+=("$started")
}

show_userland_ping() { # log's name
	grep -E 'PING|bytes from|packets transmitted|rtt|received' "$out/$1.log" |
		grep -v 'exchange\|request\|response' | indent
}

demo_loopback() {
	local left_pid right_pid
	say "Two nodes over UDP on 127.0.0.1, without TUN devices"
	cat <<-P
		   left    ports ${ports[0]}, ${ports[1]} ---- 127.0.0.1 ---- ports ${ports[2]}, ${ports[3]}    right
		   inside: 10.1.0.1, fd00:1::1                        10.2.0.1, fd00:2::1
	P
	write_conf left 127.0.0.1 127.0.0.1 1 2 start "encap = yes
remote_port = ${ports[2]}
remote_natt_port = ${ports[3]}"
	write_conf right 127.0.0.1 127.0.0.1 2 1 none "encap = yes
remote_port = ${ports[0]}
remote_natt_port = ${ports[1]}"

	say "The handshake, as the left node sees it (IKEv2 with a pre-shared key)"
	userland right "${ports[2]}" "${ports[3]}"
	right_pid=$started
	sleep .3
	ping_once left 10.2.0.1 --keylog "$out" --pcap "$out/outside.pcap"
	left_pid=$started
	wait_for 10 logged left 'CHILD_SA .* established' || fail "no tunnel"
	show_handshake
	say "The SAs of the left node (kill -USR1)"
	show_sas "$left_pid"

	say "ping through the tunnel, by the nodes themselves"
	wait "$left_pid" || fail "no answer to ping 10.2.0.1"
	show_userland_ping left
	ping_once left6 fd00:2::1
	wait "$started" || fail "no answer to ping fd00:2::1"
	show_userland_ping left6
	stop "$right_pid" || fail "the right node ended with status $?"

	say "What was seen outside (aditd's own capture; another needs root)"
	"$BUILD/examples/demo/sniff" count "$out/outside.pcap" "${ports[@]}" >"$out/sniff.log" 2>&1
	show_capture "$out/sniff.log"

	say "adit-pcap takes ESP off the capture, with the key file"
	"$BUILD/adit-pcap" decap --udp-port "${ports[1]}" --sa "$out/esp_sa" "$out/outside.pcap" \
		"$out/inside.pcap" >"$out/adit-pcap.said" 2>&1 ||
		fail "adit-pcap: $(tail -n 1 "$out/adit-pcap.said")"
	indent <"$out/adit-pcap.said"
	say "What is left"
	show_files "-d udp.port==${ports[1]},udpencap -d udp.port==${ports[0]},isakmp"
	printf '\nThis was the small one: %s\n' \
		"no network namespaces or TUN devices could be made here, so there was no TCP."
}

# An ordinary user may be root of namespaces of his own, where the kernel allows it.
become_root_of_namespaces() {
	[ "$(id -u)" != 0 ] && [ -z "${ADIT_DEMO_INSIDE:-}" ] &&
		unshare -Urnm sh -c 'mount -t tmpfs tmpfs /run && [ -w /dev/net/tun ]' 2>/dev/null &&
		ADIT_DEMO_INSIDE=1 exec unshare -Urnm --kill-child \
			sh -c 'mount -t tmpfs tmpfs /run && exec "$0"' "$0"
}

loopback=${ADIT_DEMO_LOOPBACK:-}
# Said there what is missing: then the small one it is.
[ -n "$loopback" ] || [ -n "${ADIT_DEMO_INSIDE:-}" ] ||
	"$here/../../test/tools/deps.sh" ip ping || loopback=1
[ -n "$loopback" ] || become_root_of_namespaces
rm -rf "$out"
mkdir -p "$out"
if [ -z "$loopback" ] && can_have_namespaces; then
	demo_namespaces
else
	demo_loopback
fi
