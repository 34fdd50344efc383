# shellcheck shell=bash
# One charon of this run's own: its configuration, control socket, log and TUN device belong to it
# alone, and no service of the system is touched. Userland ESP (kernel-libipsec): the peer needs no
# ESP in the kernel. Sourced by run.sh.

peer_name=strongSwan
peer_dir='' peer_pid=''
peer_plugins="random nonce aes sha1 sha2 hmac kdf gcm chapoly curve25519 openssl gmp
 kernel-libipsec kernel-netlink socket-default vici updown"

# The packages; the service that one of them brings must not start by itself.
peer_install() {
	local guard=/usr/sbin/policy-rc.d made=
	[ -x /usr/sbin/charon-systemd ] && [ -x /usr/sbin/swanctl ] &&
		[ -e /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so ] &&
		[ -e /usr/lib/ipsec/plugins/libstrongswan-chapoly.so ] && return
	if [ ! -e $guard ]; then
		made=1
		printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard
	fi
	echo "installing strongSwan"
	apt-get -qq update || true
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
		--no-install-recommends install strongswan-swanctl charon-systemd \
		libcharon-extra-plugins libcharon-extauth-plugins libstrongswan-extra-plugins \
		libstrongswan-standard-plugins >/dev/null
	local status=$?
	[ -n "$made" ] && rm -f $guard
	return $status
}

peer_version() {
	swanctl --version 2>&1 | grep -Eo '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1
}

peer_settings() { # directory [lines of the charon section]
	cat <<-C
		charon-systemd {
			load = $(echo $peer_plugins)
			retransmit_tries = 3
			retransmit_timeout = 1.0
			retransmit_base = 1.5
			${2:-}
			plugins {
				vici {
					socket = unix://$1/vici
				}
			}
			journal {
				default = -1
			}
			filelog {
				log {
					path = $1/charon.log
					default = 1
					ike = 2
					time_format = %H:%M:%S
					flush_line = yes
				}
			}
		}
		swanctl {
			load = random nonce sha1 sha2 aes hmac
			socket = unix://$1/vici
		}
	C
}

# peer_start DIRECTORY [SETTINGS]: DIRECTORY has swanctl.conf; charon.log goes there.
peer_start() {
	local i
	peer_dir=$1
	peer_settings "$1" "${2:-}" >"$1/strongswan.conf"
	STRONGSWAN_CONF=$1/strongswan.conf SWANCTL_DIR=$1 setsid ip netns exec "$ns_peer" \
		/usr/sbin/charon-systemd >"$1/charon.out" 2>&1 </dev/null &
	peer_pid=$!
	for ((i = 0; i < 50; i++)); do
		[ -S "$1/vici" ] && break
		sleep .1
	done
	peer_ctl --load-all >"$1/load.out" 2>&1
}

peer_ctl() { # swanctl's arguments
	STRONGSWAN_CONF=$peer_dir/strongswan.conf SWANCTL_DIR=$peer_dir \
		timeout 20 ip netns exec "$ns_peer" swanctl "$@"
}

peer_stop() {
	local i
	[ -n "$peer_pid" ] || return 0
	kill "$peer_pid" 2>/dev/null
	for ((i = 0; i < 30; i++)); do
		kill -0 "$peer_pid" 2>/dev/null || break
		sleep .1
	done
	kill -9 "$peer_pid" 2>/dev/null
	wait "$peer_pid" 2>/dev/null
	peer_pid=
	rm -f "$peer_dir/vici"
}

peer_initiate() {
	peer_ctl --initiate --child c --timeout 10 >"$peer_dir/initiate.out" 2>&1
}

peer_is_up() {
	peer_ctl --list-sas 2>/dev/null | grep -q INSTALLED
}

peer_has_no_sa() {
	[ -z "$(peer_ctl --list-sas 2>/dev/null)" ]
}

peer_log_has() { # pattern
	grep -Eq "$1" "$peer_dir/charon.log"
}
