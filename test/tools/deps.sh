#!/bin/sh
# Makes sure that what a target needs is there: deps.sh NAME...
# Asks the compiler (headers) and PATH (programs) first; only what is missing is installed from the
# distribution: as root without a question, else through sudo, else the command to type is printed.
# Reads CC, MBEDTLS_DIR and CMOCKA_DIR from the environment; a folder that was named is never
# replaced by a package.
set -u

has_header() { # header [folder]: can the compiler see it
	printf '#include <%s>\n' "$1" |
		${CC:-cc} ${2:+-I"$2/include"} -E -x c - >/dev/null 2>&1
}

has_program() {
	command -v "$1" >/dev/null 2>&1 || test -x "/usr/sbin/$1" || test -x "/sbin/$1"
}

# clang with the sanitizers and libFuzzer, which come in a package of their own.
has_fuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null >/dev/null 2>&1
}

need_header() { # name header package [folder]
	has_header "$2" "${4:-}" && return
	if [ -n "${4:-}" ]; then
		echo "$1: no $2 in $4/include" >&2
		exit 1
	fi
	missing="$missing $3"
}

need_program() { # program packages
	has_program "$1" || missing="$missing $2"
}

# The packages that the names in $@ lack, in $missing. What is no name here is a program whose
# package has its name.
look() {
	missing=
	for name; do
		case $name in
		mbedtls) need_header mbedtls mbedtls/version.h libmbedtls-dev "${MBEDTLS_DIR:-}" ;;
		cmocka) need_header cmocka cmocka.h libcmocka-dev "${CMOCKA_DIR:-}" ;;
		pcap) need_header pcap pcap/pcap.h libpcap-dev ;;
		cxx) need_program g++ g++ ;;
		clang) has_fuzzer || missing="$missing clang libclang-rt-14-dev llvm" ;;
		arm)
			need_program arm-none-eabi-gcc gcc-arm-none-eabi
			test -f /usr/include/newlib/string.h || missing="$missing libnewlib-dev"
			;;
		mips)
			need_program mips-linux-gnu-gcc "gcc-mips-linux-gnu libc6-dev-mips-cross"
			need_program qemu-mips-static qemu-user-static
			;;
		source)
			need_program dpkg-source dpkg-dev
			need_program xz xz-utils
			;;
		ip) need_program ip iproute2 ;;
		ping) need_program ping iputils-ping ;;
		nft) need_program nft nftables ;;
		*) need_program "$name" "$name" ;;
		esac
	done
}

install_all() { # [sudo command]
	env_install="env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600"
	echo "installing:$missing"
	# A list of packages that can't be refreshed is still good where it is recent.
	$1 $env_install -qq update || echo "apt-get update failed; trying with the lists there are" >&2
	# shellcheck disable=SC2086
	$1 $env_install -qq -y --no-install-recommends install $missing
}

look "$@"
[ -z "$missing" ] && exit 0

# One at a time: targets that make runs side by side may need packages both.
if has_program flock; then
	exec 9<"$0"
	flock 9
	look "$@"
	[ -z "$missing" ] && exit 0
fi

by_hand="apt-get update && apt-get install -y$missing"
if ! has_program apt-get; then
	echo "missing here (by their Debian names):$missing" >&2
	exit 1
elif [ "$(id -u)" = 0 ]; then
	install_all ""
elif has_program sudo && sudo -n true 2>/dev/null; then
	install_all "sudo -n"
elif has_program sudo && [ -t 0 ]; then
	install_all sudo
else
	echo "Something is missing that only root can install. Type:" >&2
	echo "    su -c '$by_hand'" >&2
	exit 1
fi
look "$@"
if [ -n "$missing" ]; then
	echo "could not install:$missing" >&2
	echo "As root, type: $by_hand" >&2
	exit 1
fi
