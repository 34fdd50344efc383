# shellcheck shell=bash
# Both sides' swanctl.conf for one row: one syntax, one text, two points of view. Sourced by run.sh.
#
# What a row is made of, with its defaults:
row_defaults() {
	ike=aes128gcm16-prfsha256-curve25519 # IKE proposal of both sides
	adit_ike='' peer_ike=''              # of one side, where they differ
	esp=aes128gcm16                      # ESP proposal of both sides
	initiator=adit                       # adit | peer
	net=plain                            # plain | nat-adit | nat-peer
	outer=4                              # IP version outside
	adit_more='' peer_more=''            # more settings of a connection
	peer_settings_more=                  # more lines of charon's settings
	checks=                              # functions to call while the tunnel is up
	prelude=                             # a function to call before the initiation
}

conf_address() { # adit | peer: as the other side sees it, or %any where a NAT hides it
	local number=1
	[ "$1" = peer ] && number=2
	if [ "$net" = "nat-$1" ]; then
		echo "${2:-%any}"
	elif [ "$outer" = 6 ]; then
		echo "fd71::$number"
	else
		echo "10.71.0.$number"
	fi
}

conf_of() { # adit | peer, the other, own number, other's number, proposal, start_action, more
	cat <<-C
		connections {
			t {
				version = 2
				local_addrs = $(conf_address "$1" 10.72.0.1)
				remote_addrs = $(conf_address "$2")
				proposals = $5
				$7
				local {
					auth = psk
					id = $1.test
				}
				remote {
					auth = psk
					id = $2.test
				}
				children {
					c {
						local_ts = 10.10.$3.0/24,fd10:$3::/64
						remote_ts = 10.10.$4.0/24,fd10:$4::/64
						esp_proposals = $esp
						start_action = $6
					}
				}
			}
		}
		secrets {
			ike-t {
				id-a = adit.test
				id-b = peer.test
				secret = "a secret of this test alone"
			}
		}
	C
}

conf_write() { # directory
	local start=none
	[ "$initiator" = adit ] && start=start
	conf_of adit peer 1 2 "${adit_ike:-$ike}" $start "$adit_more" >"$1/aditd.conf"
	conf_of peer adit 2 1 "${peer_ike:-$ike}" none "$peer_more" >"$1/swanctl.conf"
}
