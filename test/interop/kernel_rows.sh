# shellcheck shell=bash
# The rows of kernel.sh: modes and IP versions, and algorithms. Sourced there.

transport='mode=transport'

all_rows() {
	modes
	ciphers
	ah_rows
	bundles
	lacks
}

modes() {
	local outer
	for outer in 4 6; do
		row "ESP tunnel, IPv4 in IPv$outer" outer=$outer inner=4 more="$(family $outer 4)"
		row "ESP tunnel, IPv6 in IPv$outer" outer=$outer inner=6 more="$(family $outer 6)"
		row "ESP transport, IPv$outer" outer=$outer inner=$outer $transport
		row "ESP tunnel, IPv$outer, ESN" outer=$outer inner=$outer more="flag esn"
		row "ESP transport, IPv$outer, ESN" outer=$outer inner=$outer $transport more="flag esn"
		row "ESP tunnel in UDP, IPv$outer" outer=$outer inner=$outer encap=yes
		row "ESP transport in UDP, IPv$outer" outer=$outer inner=$outer encap=yes $transport
		row "ESP BEET, IPv$outer" outer=$outer inner=$outer mode=beet
	done
	row "ESP tunnel, both IP versions in one SA" inner='4 6' more="flag af-unspec"
	row "ESP tunnel, ESN near 2^32" more="flag esn replay-oseq 0xfffffff0 replay-seq 0xfffffff0"
	row "ESP tunnel, padded by tfcpad" more="tfcpad 1000" inner=4
}

family() { # outer inner
	[ "$1" = "$2" ] || echo "flag af-unspec"
}

cbc="enc 'cbc(aes)'"
sha1="auth-trunc 'hmac(sha1)' KEY:20 96"
sha256="auth-trunc 'hmac(sha256)' KEY:32 128"
sha384="auth-trunc 'hmac(sha384)' KEY:48 192"
sha512="auth-trunc 'hmac(sha512)' KEY:64 256"
md5="auth-trunc 'hmac(md5)' KEY:16 96"
xcbc="auth-trunc 'xcbc(aes)' KEY:16 96"
cmac="auth-trunc 'cmac(aes)' KEY:16 96"

cipher() { # name algorithm
	row "ESP $1" inner=4 sizes='1 1000 3000' alg="$2"
}

ciphers() {
	local bits icv
	for bits in 128 192 256; do
		for icv in 8 12 16; do
			cipher "AES-GCM-$bits, ICV of $icv" \
				"aead 'rfc4106(gcm(aes))' KEY:$((bits / 8 + 4)) $((icv * 8))"
			cipher "AES-CCM-$bits, ICV of $icv" \
				"aead 'rfc4309(ccm(aes))' KEY:$((bits / 8 + 3)) $((icv * 8))"
		done
		cipher "AES-GMAC-$bits" "aead 'rfc4543(gcm(aes))' KEY:$((bits / 8 + 4)) 128"
		cipher "AES-CTR-$bits, HMAC-SHA-256" \
			"enc 'rfc3686(ctr(aes))' KEY:$((bits / 8 + 4)) $sha256"
		cipher "AES-CBC-$bits, HMAC-SHA-256" "$cbc KEY:$((bits / 8)) $sha256"
		cipher "Camellia-CBC-$bits, HMAC-SHA-256" "enc 'cbc(camellia)' KEY:$((bits / 8)) $sha256"
	done
	cipher "ChaCha20-Poly1305" "aead 'rfc7539esp(chacha20,poly1305)' KEY:36 128"
	cipher "AES-CBC-128, HMAC-SHA-1" "$cbc KEY:16 $sha1"
	cipher "AES-CBC-128, HMAC-SHA-384" "$cbc KEY:16 $sha384"
	cipher "AES-CBC-128, HMAC-SHA-512" "$cbc KEY:16 $sha512"
	cipher "AES-CBC-128, AES-XCBC" "$cbc KEY:16 $xcbc"
	cipher "AES-CBC-128, AES-CMAC" "$cbc KEY:16 $cmac"
	cipher "3DES, HMAC-SHA-1" "enc 'cbc(des3_ede)' KEY:24 $sha1"
	cipher "3DES, HMAC-MD5" "enc 'cbc(des3_ede)' KEY:24 $md5"
	for icv in sha1 sha256 sha384 sha512 xcbc cmac; do
		cipher "NULL, $icv" "enc 'ecb(cipher_null)' '' ${!icv}"
	done
	row "ESP AES-CBC-128, HMAC-SHA-256, ESN" more="flag esn" alg="$cbc KEY:16 $sha256"
	row "ESP AES-CCM-128, ESN" more="flag esn" alg="aead 'rfc4309(ccm(aes))' KEY:19 128"
	row "ESP AES-GMAC-128, ESN" more="flag esn" alg="aead 'rfc4543(gcm(aes))' KEY:20 128"
	row "ESP ChaCha20-Poly1305, ESN" more="flag esn" \
		alg="aead 'rfc7539esp(chacha20,poly1305)' KEY:36 128"
}

ah_rows() {
	local outer auth
	for outer in 4 6; do
		row "AH tunnel, IPv$outer" proto=ah outer=$outer inner=$outer alg="$sha256"
		row "AH transport, IPv$outer" proto=ah outer=$outer inner=$outer alg="$sha256" $transport
		row "AH tunnel, IPv$outer, ESN" proto=ah outer=$outer inner=$outer alg="$sha256" \
			more="flag esn"
		row "AH transport, IPv$outer, ESN" proto=ah outer=$outer inner=$outer alg="$sha256" \
			more="flag esn" $transport
		row "AH tunnel, IPv$((10 - outer)) in IPv$outer" proto=ah outer=$outer \
			inner=$((10 - outer)) alg="$sha256" more="flag af-unspec"
		for auth in sha1 sha384 sha512 xcbc cmac; do
			row "AH tunnel, IPv$outer, $auth" proto=ah outer=$outer inner=$outer alg="${!auth}" \
				sizes='1 1000 3000'
		done
	done
	row "AH tunnel, IPv4, padded to 4 bytes" proto=ah alg="$sha256" inner=4 more="flag align4"
	row "AH transport, IPv4, padded to 4 bytes" proto=ah alg="$sha256" inner=4 more="flag align4" \
		$transport
}

bundles() {
	local outer
	for outer in 4 6; do
		row "ESP tunnel in AH transport, IPv$outer" outer=$outer inner=$outer around="$sha256"
		row "ESP transport in AH transport, IPv$outer" outer=$outer inner=$outer \
			around="$sha256" $transport
		row "ESP NULL in AH, IPv$outer" outer=$outer inner=$outer around="$sha256" \
			alg="enc 'ecb(cipher_null)' '' $sha256"
	done
}

lacks() {
	row_lacks "AH with AES-GMAC" "no AH with an AEAD in Linux"
	row_lacks "implicit IV" "no RFC 8750 in Linux"
	row_lacks "IP-TFS" "not in Linux 6.1"
}
