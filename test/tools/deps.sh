#!/bin/sh
# Makes sure that what a target needs is there: deps.sh NAME...
# Asks the compiler (headers) and PATH (programs) first; only what is missing is installed from the
# distribution: as root without a question, else through sudo, else the command to type is printed.
# Reads CC, MBEDTLS_DIR and CMOCKA_DIR from the environment; a folder that was named is never
# replaced by a package.
set -u

has_header() {
	printf '#include <%s>\n' "$1" | ${CC:-cc} -E -x c - >/dev/null 2>&1
}

has_program() {
	command -v "$1" >/dev/null 2>&1 || test -x "/usr/sbin/$1" || test -x "/sbin/$1"
}

# clang with the sanitizers and libFuzzer, which come in a package of their own.
has_fuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null >/dev/null 2>&1
}

has_scapy() {
	"${PYTHON:-/usr/bin/python3}" -c 'import scapy.layers.ipsec, cryptography' >/dev/null 2>&1
}

lack() { # packages
	for package; do
		case " $missing " in
		*" $package "*) ;;
		*) missing="$missing $package" ;;
		esac
	done
}

need_header() { # header package [folder]
	if [ -z "${3:-}" ]; then
		has_header "$1" || lack "$2"
	elif [ ! -f "$3/include/$1" ]; then
		echo "no $1 in $3/include" >&2
		exit 1
	fi
}

need_program() { # program packages...
	has_program "$1" && return
	shift
	lack "$@"
}

# The packages that the names in $@ lack, in $missing. What is no name here is a program whose
# package has its name.
look() {
	missing=
	for name; do
		case $name in
		mbedtls) need_header mbedtls/version.h libmbedtls-dev "${MBEDTLS_DIR:-}" ;;
		cmocka) need_header cmocka.h libcmocka-dev "${CMOCKA_DIR:-}" ;;
		pcap) need_header pcap/pcap.h libpcap-dev ;;
		cxx) need_program g++ g++ ;;
		clang) has_fuzzer || lack clang libclang-rt-14-dev llvm ;;
		afl) need_program afl-clang-fast afl++ ;;
		arm)
			need_program arm-none-eabi-gcc gcc-arm-none-eabi
			[ -f /usr/include/newlib/string.h ] || lack libnewlib-dev
			;;
		mips)
			need_program mips-linux-gnu-gcc gcc-mips-linux-gnu libc6-dev-mips-cross
			need_program qemu-mips-static qemu-user-static
			;;
		scapy) has_scapy || lack python3-scapy python3-cryptography ;;
		source)
			need_program dpkg-source dpkg-dev
			need_program xz xz-utils
			;;
		valgrind) need_header valgrind/memcheck.h valgrind ;;
		ip) need_program ip iproute2 ;;
		ping) need_program ping iputils-ping ;;
		nft) need_program nft nftables ;;
		*) need_program "$name" "$name" ;;
		esac
	done
}

# What apt-get says is shown only where it fails.
quiet() {
	said=$("$@" 2>&1) && return
	status=$?
	printf '%s\n' "$said" >&2
	return $status
}

install_all() { # [sudo command]
	apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600"
	echo "installing:$missing"
	# Package lists that can't be refreshed may still be good.
	# shellcheck disable=SC2086
	quiet $1 $apt update || echo "apt-get update failed; trying with the lists there are" >&2
	# shellcheck disable=SC2086
	quiet $1 $apt --no-install-recommends install $missing
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
	# All that building and testing need, so that it is one command and not three.
	look "$@" mbedtls cmocka pcap
	echo "Something is missing that only root can install. Type:" >&2
	echo "    su -c 'apt-get update && apt-get install -y$missing'" >&2
	exit 1
fi
look "$@"
if [ -n "$missing" ]; then
	echo "could not install:$missing" >&2
	exit 1
fi
