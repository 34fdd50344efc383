# shellcheck shell=bash
# aditd in its namespace. Sourced by run.sh.

node_dir='' node_pid=''

# node_start DIRECTORY: DIRECTORY has aditd.conf; aditd.log and the key files go there.
node_start() {
	local i
	node_dir=$1
	setsid ip netns exec "$ns_adit" "$BUILD/aditd" --config "$1/aditd.conf" --log debug \
		--keylog "$1" >"$1/aditd.log" 2>&1 </dev/null &
	node_pid=$!
	for ((i = 0; i < 50; i++)); do
		kill -0 "$node_pid" 2>/dev/null || return
		ip -n "$ns_adit" link show adit0 >/dev/null 2>&1 && break
		sleep .05
	done
	# The device comes after the sockets: now it listens.
	sleep .1
}

# The status that aditd ended with.
node_stop() {
	local i status
	[ -n "$node_pid" ] || return 0
	kill "$node_pid" 2>/dev/null
	for ((i = 0; i < 60; i++)); do
		kill -0 "$node_pid" 2>/dev/null || break
		sleep .1
	done
	kill -9 "$node_pid" 2>/dev/null
	wait "$node_pid" 2>/dev/null
	status=$?
	node_pid=
	return $status
}

# What aditd prints on SIGUSR1.
node_status() {
	local before i
	before=$(wc -l <"$node_dir/aditd.log")
	kill -USR1 "$node_pid"
	for ((i = 0; i < 40; i++)); do
		tail -n +$((before + 1)) "$node_dir/aditd.log" | grep -q '^packets in' && break
		sleep .05
	done
	tail -n +$((before + 1)) "$node_dir/aditd.log"
}

node_log_has() { # pattern
	grep -Eq "$1" "$node_dir/aditd.log"
}
