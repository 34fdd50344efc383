# shellcheck shell=bash
# Two network namespaces, adit's and the peer's, joined by a veth pair; on request a third one
# between them that translates addresses. Sourced by run.sh; names are of this run alone.
#
#            adit                          peer
#   plain    10.71.0.1, fd71::1  --------  10.71.0.2, fd71::2
#   behind   10.72.0.1  -- 10.72.0.254 NAT 10.71.0.254 --  10.71.0.x of the other
#   inside   10.10.1.1, fd10:1::1          10.10.2.1, fd10:2::1
#
# No namespace has a default route: what is inside can be reached through a tunnel alone.

net_now=
ns_adit=adit$$-a ns_peer=adit$$-p ns_nat=adit$$-n

net_quiet() { # namespace: no router or duplicate address noise, forwarding for userland ESP
	ip -n "$1" link set lo up
	ip netns exec "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
}

net_inside() { # namespace number
	ip -n "$1" addr add "10.10.$2.1/32" dev lo
	ip -n "$1" addr add "fd10:$2::1/128" dev lo nodad
}

net_end() { # namespace device address...
	local ns=$1 dev=$2 address
	shift 2
	for address; do
		case $address in
		*:*) ip -n "$ns" addr add "$address" dev "$dev" nodad ;;
		*) ip -n "$ns" addr add "$address" dev "$dev" ;;
		esac
	done
	ip -n "$ns" link set "$dev" up
}

net_plain() {
	ip link add out0 netns "$ns_adit" type veth peer name out0 netns "$ns_peer"
	net_end "$ns_adit" out0 10.71.0.1/24 fd71::1/64
	net_end "$ns_peer" out0 10.71.0.2/24 fd71::2/64
}

net_behind_nat() { # namespace behind, namespace before, number of the latter
	ip netns add "$ns_nat"
	net_quiet "$ns_nat"
	ip link add out0 netns "$1" type veth peer name in0 netns "$ns_nat"
	ip link add out0 netns "$2" type veth peer name out0 netns "$ns_nat"
	net_end "$ns_nat" in0 10.72.0.254/24
	net_end "$ns_nat" out0 10.71.0.254/24
	net_end "$1" out0 10.72.0.1/24
	net_end "$2" out0 "10.71.0.$3/24"
	ip -n "$1" route add 10.71.0.0/24 via 10.72.0.254
	ip netns exec "$ns_nat" nft -f - <<-'R'
		table ip nat {
			chain post {
				type nat hook postrouting priority 100
				oifname "out0" meta l4proto udp masquerade to :20000-30000 random
				oifname "out0" masquerade
			}
		}
	R
}

net_up() { # plain | nat-adit | nat-peer: who is behind the NAT
	net_down
	ip netns add "$ns_adit" && ip netns add "$ns_peer" || return
	net_quiet "$ns_adit"
	net_quiet "$ns_peer"
	case $1 in
	plain) net_plain ;;
	nat-adit) net_behind_nat "$ns_adit" "$ns_peer" 2 ;;
	nat-peer) net_behind_nat "$ns_peer" "$ns_adit" 1 ;;
	esac
	net_inside "$ns_adit" 1
	net_inside "$ns_peer" 2
	net_now=$1
}

net_down() {
	local ns
	for ns in "$ns_adit" "$ns_peer" "$ns_nat"; do
		ip netns del "$ns" 2>/dev/null
	done
	net_now=
}
