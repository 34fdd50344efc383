#!/bin/bash
# The first process of the kernel that kernel.sh boots (user-mode-linux): the machine's own file
# system is its root, read only; the folder U_dir is where commands come from and answers go.
#   U_dir/N.sh    commands; U_dir/N.go says that they are whole
#   U_dir/N.out   what they said; U_dir/N.rc their status, written last
# U_address, U_inside: what the device and lo have.
export PATH=/run/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
# shellcheck disable=SC2013
for a in $(</proc/cmdline); do
	case $a in U_*=*) export "${a?}" ;; esac
done

# The package has its modules in a folder that modprobe doesn't know.
mount -t tmpfs tmpfs /run
mkdir -p /run/bin /run/m/lib/modules /run/lock
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/m/lib/modules/$(uname -r)"
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/m "$@"\n' >/run/bin/modprobe
chmod +x /run/bin/modprobe
echo /run/bin/modprobe >/proc/sys/kernel/modprobe
mkdir -p /run/dir
mount -t hostfs -o "$U_dir" none /run/dir || exit

# Nobody writes there: to wait without a process of its own.
mkfifo /run/never
exec 9<>/run/never
for ((i = 0; i < 50; i++)); do
	[ -d /sys/class/net/vec0 ] && break
	read -rt .1 -u 9 _
done
modprobe ipv6 2>/dev/null
sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
	net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
ip link set lo up
ip link set vec0 address 02:00:00:00:00:02
ip link set vec0 up
for a in ${U_address//,/ }; do
	ip addr add "$a" dev vec0 $([[ $a == *:* ]] && echo nodad)
done
for a in ${U_inside//,/ }; do
	ip addr add "$a" dev lo $([[ $a == *:* ]] && echo nodad)
done
modprobe -a xfrm_user esp4 ah4 esp6 ah6 gcm ccm ctr cbc chacha20poly1305 authenc authencesn echainiv \
	seqiv cmac xcbc sha1_generic sha256_generic sha512_generic md5 des_generic camellia_generic \
	crypto_null ecb 2>/dev/null
uname -r >/run/dir/ready.new
mv /run/dir/ready.new /run/dir/ready

for ((n = 1; ; n++)); do
	until [ -e "/run/dir/$n.go" ]; do
		read -rt .05 -u 9 _
	done
	bash "/run/dir/$n.sh" >"/run/dir/$n.out" 2>&1 </dev/null
	echo $? >"/run/dir/$n.rc.new"
	mv "/run/dir/$n.rc.new" "/run/dir/$n.rc"
done
