#!/bin/bash
# pcap_agree.sh CAPTURE KEYS [FRAMES]: adit-pcap and tshark take ESP off the first FRAMES frames of
# one capture (of Ethernet or bare IP) with one key file, KEYS/esp_sa, and must agree packet for
# packet and byte for byte: what adit-pcap writes is what tshark deciphered, but for its padding,
# and what is not ESP is as it was. The last line says how many agreed, or what did not.
set -u
capture=$1 keys=$2 frames=${3:-5000}
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version=$(tshark -v 2>/dev/null | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
settings=(-n -o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE)

# Wireshark 4.0's table has eight fields, a newer one's ten.
as_tshark_reads() {
	local line=$1 major minor
	read -r major minor <<<"$version"
	line=${line%%,\"32-bit\"*}
	line=${line%%,\"64-bit\"*}
	if ((major > 4 || (major == 4 && minor >= 2))); then
		line=$1
		[[ $line = *-bit\"* ]] || line="$line,\"32-bit\",\"0\""
	fi
	echo "$line"
}

while IFS= read -r line; do
	[[ $line = '' || $line = '#'* ]] || settings+=(-o "uat:esp_sa:$(as_tshark_reads "$line")")
done <"$keys/esp_sa"

# Each frame as a line: "D" and the deciphered bytes, or "P" and the frame's own, in hex.
hex() { # capture settings...
	local file=$1
	shift
	tshark "$@" -P -x -o 'gui.column.format:"No.","%m"' -r "$file" -c "$frames" 2>/dev/null | awk '
		function flush() { if (seen) print (deciphered != "" ? "D " deciphered : "P " frame) }
		/^ *[0-9]+$/ { flush(); seen = 1; frame = deciphered = ""; into = "frame"; next }
		/^Frame \(/ { into = "frame"; next }
		/^Decrypted Data/ { into = "deciphered"; next }
		/^[A-Z]/ { into = "other"; next }
		/^[0-9a-f]+  / {
			line = $0
			sub(/^[0-9a-f]+  /, "", line)
			line = substr(line, 1, 47)
			gsub(/ /, "", line)
			if (into == "frame") frame = frame line
			if (into == "deciphered") deciphered = deciphered line
		}
		END { flush() }'
}

status=0
"$BUILD/adit-pcap" decap --sa "$keys/esp_sa" "$capture" "$work/inside.pcap" 2>"$work/said" ||
	status=$?
if [ $status != 0 ]; then
	echo "adit-pcap: $(tail -n 1 "$work/said")"
	exit 1
fi
encap=$(tshark -r "$capture" -c 1 -T fields -e frame.encap_type 2>/dev/null)
hex "$capture" "${settings[@]}" >"$work/tshark"
hex "$work/inside.pcap" -n >"$work/adit"

awk -v ethernet=$((encap == 1)) -v adit="$work/adit" '
	function wrong(text) { print "frame " NR ": " text; failed = 1; exit 1 }
	# Padding 1, 2, 3, ..., its length, the next header.
	function is_trailer(hex,   n, i) {
		n = length(hex) / 2 - 2
		if (n < 0 || substr(hex, 2 * n + 1, 2) != sprintf("%02x", n)) return 0
		for (i = 0; i < n; i++)
			if (substr(hex, 2 * i + 1, 2) != sprintf("%02x", i + 1)) return 0
		return 1
	}
	$1 == "P" && ethernet {
		type = substr($2, 25, 4)
		if (type != "0800" && type != "86dd") next
		$2 = substr($2, 29)
	}
	{
		if ((getline line <adit) <= 0) wrong("adit-pcap wrote no packet for it")
		split(line, ours)
		n = length(ours[2])
		if (substr($2, 1, n) != ours[2]) wrong("adit-pcap and tshark differ")
		rest = substr($2, n + 1)
		if ($1 == "P" ? rest != "" : !is_trailer(rest)) wrong("not of one length")
		if ($1 == "D") esp++; else copied++
	}
	END {
		if (failed) exit 1
		if (esp == 0) { print "tshark deciphered nothing"; exit 1 }
		printf "%d ESP packets agree byte for byte, %d others are as they were\n", esp, copied
	}' "$work/tshark"
