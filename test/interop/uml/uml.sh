# shellcheck shell=bash
# A Linux kernel of our own, as a process (user-mode-linux), with one Ethernet device that is a TAP
# device of adit's namespace. Sourced by kernel.sh.

uml_pid='' uml_dir='' uml_n=0
uml_program=/usr/bin/linux.uml

uml_install() {
	[ -x $uml_program ] && [ -x /sbin/modprobe ] && return
	echo "installing user-mode-linux"
	apt-get -qq update || true
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
		--no-install-recommends install user-mode-linux kmod >/dev/null
	[ -x $uml_program ] && [ -x /sbin/modprobe ]
}

# uml_start DIRECTORY NAMESPACE TAP ADDRESSES INSIDE: lists have commas.
uml_start() {
	local i here
	here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
	uml_dir=$1 uml_n=0
	rm -rf "$1"
	mkdir -p "$1"
	TMPDIR=/dev/shm setsid ip netns exec "$2" "$uml_program" mem=128M rootfstype=hostfs \
		rootflags=/ ro init="$here/init.sh" U_dir="$1" U_address="$4" U_inside="$5" \
		con=null con0=null,fd:1 ssl=null quiet \
		vec0:transport=tap,ifname="$3",depth=64,gro=0 >"$1/console" 2>&1 </dev/null &
	uml_pid=$!
	for ((i = 0; i < 300; i++)); do
		[ -e "$1/ready" ] && return
		kill -0 "$uml_pid" 2>/dev/null || break
		sleep .1
	done
	return 1
}

# Runs a command line there; prints what it says, returns its status. UML_PATIENCE: seconds.
uml() {
	local i
	uml_n=$((uml_n + 1))
	printf '%s\n' "$*" >"$uml_dir/$uml_n.sh"
	: >"$uml_dir/$uml_n.go"
	for ((i = 0; i < ${UML_PATIENCE:-20} * 50; i++)); do
		[ -e "$uml_dir/$uml_n.rc" ] && break
		kill -0 "$uml_pid" 2>/dev/null || return 125
		sleep .02
	done
	[ -e "$uml_dir/$uml_n.rc" ] || return 124
	cat "$uml_dir/$uml_n.out"
	return "$(cat "$uml_dir/$uml_n.rc")"
}

uml_stop() {
	local i
	[ -n "$uml_pid" ] || return 0
	echo 'echo o >/proc/sysrq-trigger' >"$uml_dir/$((uml_n + 1)).sh"
	: >"$uml_dir/$((uml_n + 1)).go"
	for ((i = 0; i < 20; i++)); do
		kill -0 "$uml_pid" 2>/dev/null || break
		sleep .1
	done
	# It is several processes, in a session of their own.
	kill -9 -- "-$uml_pid" 2>/dev/null
	wait "$uml_pid" 2>/dev/null
	uml_pid=
}
