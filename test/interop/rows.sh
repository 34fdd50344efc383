# shellcheck shell=bash
# The rows of the table: each function says what the tunnel is made of and what is looked at while
# it is up. Sourced by run.sh.

# --- What can be checked besides the pings of every row. Each says why it fails.

check_adit_behind_nat() {
	peer_log_has 'remote host is behind NAT' || why="charon saw no NAT"
	node_status | grep -q 'local .*behind a NAT' || why="aditd saw no NAT"
}

check_peer_behind_nat() {
	peer_log_has 'local host is behind NAT' || why="charon saw no NAT"
	node_status | grep -q 'remote .*behind a NAT' || why="aditd saw no NAT"
}

check_invalid_ke() {
	peer_log_has 'N\(INVAL_KE\)' ||
		why="no INVALID_KE_PAYLOAD was exchanged"
}

check_cookie() {
	peer_log_has 'IKE_SA_INIT request 0 \[ N\(COOKIE\) SA' || why="no cookie was given"
}

check_peer_dpd() {
	sleep 2.5
	peer_log_has 'sending DPD request' || why="charon asked for no sign of life"
	peer_log_has 'parsed INFORMATIONAL response' || why="aditd did not answer"
	peer_is_up || why="the SA was given up"
}

check_adit_dpd() {
	sleep 2.5
	peer_log_has 'parsed INFORMATIONAL request' || why="aditd asked for no sign of life"
	node_log_has 'received INFORMATIONAL response' || why="charon did not answer"
	peer_is_up || why="the SA was given up"
}

check_peer_deletes() {
	peer_ctl --terminate --ike t --timeout 5 >"$dir/terminate.out" 2>&1 ||
		why="the delete was not answered"
	node_log_has 'IKE_SA t\[.*\] down' || why="aditd kept the SA"
	ping_once "$ns_adit" 10.10.2.1 && why="packets pass after the delete"
}

check_adit_deletes() {
	node_stop || why="aditd ended with status $?"
	peer_log_has 'received DELETE for IKE_SA' || why="no delete came"
	wait_for 3 peer_has_no_sa || why="charon kept the SA"
}

# All datagrams that came in, by aditd's own counters, without those that a full socket drops.
datagrams_counted() {
	node_status | awk '/^(IKE datagrams|packets in):/ {
		for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/) n += $i } END { print n + 0 }'
}

check_flood() {
	local counted
	ip netns exec "$ns_peer" "$BUILD/test/interop/flood" 10.71.0.1 500 4500 1000000 30 \
		>"$dir/flood.out" 2>&1 || why="the flood did not end well"
	kill -0 "$node_pid" 2>/dev/null || why="aditd did not survive"
	[ -n "$why" ] || ping_all || why="$why after the flood"
	[ -n "$why" ] && return
	counted=$(datagrams_counted)
	[ "$counted" -gt 100000 ] || why="aditd saw $counted of the datagrams alone"
	note="$(cat "$dir/flood.out"); $counted counted by aditd"
}

check_pcap_agree() {
	[ -x "$(command -v tshark)" ] || return 0
	stop_capture
	"$here/pcap_agree.sh" "$dir/outside.pcap" "$dir" >"$dir/pcap_agree.out" 2>&1 ||
		why="$(tail -n 1 "$dir/pcap_agree.out")"
	[ -n "$why" ] || note=$(tail -n 1 "$dir/pcap_agree.out")
}

# --- Half-open SAs, so that the next request is asked for a cookie: one recorded request
# (chacha20poly1305-prfsha256-curve25519), under another SPI each.


half_open() { # namespace address count
	ip netns exec "$1" "$BUILD/test/interop/half_open" "$2" "$3" <"$here/half_open.hex"
	sleep .2
}

# Half of aditd's handshake pool and some.
half_open_to_crowd_adit=140

crowd_peer() {
	half_open "$ns_adit" 10.71.0.2 2
}

crowd_adit() {
	half_open "$ns_peer" 10.71.0.1 "$half_open_to_crowd_adit"
}

# --- The table.

all_rows() {
	local who cipher ke
	for who in adit peer; do
		for cipher in aes128gcm16 aes128-sha256 chacha20poly1305; do
			for ke in curve25519 ecp256 modp2048; do
				row "$(name_of $who) initiates, $cipher, $ke" \
					initiator=$who esp=$cipher ike="$(ike_of $cipher $ke)"
			done
		done
	done
	row "IPv6 outside, adit initiates" outer=6
	row "IPv6 outside, strongSwan initiates" outer=6 initiator=peer
	row "adit behind a NAT initiates" net=nat-adit checks=check_adit_behind_nat
	row "strongSwan behind a NAT initiates" net=nat-peer initiator=peer \
		checks=check_peer_behind_nat
	row "INVALID_KE_PAYLOAD to adit" checks=check_invalid_ke \
		adit_ike=aes128gcm16-prfsha256-curve25519-ecp256 \
		peer_ike=aes128gcm16-prfsha256-ecp256
	row "INVALID_KE_PAYLOAD from adit" checks=check_invalid_ke initiator=peer \
		peer_ike=aes128gcm16-prfsha256-curve25519-ecp256 \
		adit_ike=aes128gcm16-prfsha256-ecp256
	row "COOKIE to adit" checks=check_cookie prelude=crowd_peer \
		ike=chacha20poly1305-prfsha256-curve25519 peer_settings_more="cookie_threshold = 1"
	row "COOKIE from adit" checks=check_cookie prelude=crowd_adit initiator=peer \
		ike=chacha20poly1305-prfsha256-curve25519
	row "strongSwan asks for a sign of life" checks=check_peer_dpd \
		peer_more="dpd_delay = 1s"
	row "adit asks for a sign of life" checks=check_adit_dpd adit_more="dpd_delay = 1s" \
		peer_more="mobike = no"
	row "strongSwan deletes" initiator=peer checks=check_peer_deletes
	row "adit deletes at its end" checks=check_adit_deletes
	row "adit-pcap and tshark agree" checks=check_pcap_agree
	row "adit-pcap and tshark agree, AES-CBC" checks=check_pcap_agree \
		esp=aes128-sha256 ike=aes128-sha256-curve25519
	row "a million random datagrams" checks=check_flood
	row_lacks "transport mode" "kernel-libipsec has tunnel mode alone"
	row_lacks "extended sequence numbers" "kernel-libipsec has 32-bit numbers alone"
	row_lacks "ESP without UDP" "kernel-libipsec of 5.9 always encapsulates in UDP"
}

name_of() {
	[ "$1" = adit ] && echo adit || echo "$peer_name"
}

ike_of() { # ESP's cipher, key exchange
	case $1 in
	aes128-sha256) echo "aes128-sha256-$2" ;;
	*) echo "$1-prfsha256-$2" ;;
	esac
}
