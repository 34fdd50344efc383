#!/usr/bin/env python3
"""Seeds for the fuzz targets from what the simulator's nodes are given: frames.py OUT reads the
lines of test/sim/frames.c from standard input and writes OUT/TARGET/NAME. What is sealed there can
be read, so that here it is put into the words of the targets, whose ciphers take anything."""
import hashlib
import struct
import sys

sys.dont_write_bytecode = True
import seeds
from seeds import ESP_SPI, IKE_HEADER, SA, SK, outer, payloads

IV, ICV = 8, 16
IKE_AUTH_AUTH, ID_I, ID_R = 39, 35, 36
RESPONSE = 0x20
SCRIPT_MAX, PER_TARGET = 4000, 10000
# Of ike_input: the SPI of the first IKE SA, and the names of the two.
OWN_SPI = bytes.fromhex("c242424242420000")
OWN_NAME, PEER_NAME = b"b.kat.test", b"a.kat.test"
IPSEC_SPI = bytes.fromhex("80001230")
# The paper cipher's transform, and that of ike_input's cipher.
PAPER = bytes.fromhex("0300000c01000014800e0080")
NONE = bytes.fromhex("030000080100001c")

written = {}


def put(target, data):
    count = written.setdefault(target, 0)
    if count < PER_TARGET and data:
        written[target] += 1
        seeds.put(target, "sim-" + hashlib.sha1(data).hexdigest()[:16], data)


def repacked(body):
    """An SA payload's body with the target's cipher for the paper one, lengths put right."""
    done = b""
    while len(body) >= 8:
        size = struct.unpack(">H", body[2:4])[0]
        one = body[:size].replace(PAPER, NONE)
        if size < 8 or size > len(body):
            return done + body
        done += one[:2] + struct.pack(">H", len(one)) + one[4:]
        body = body[size:]
    return done + body


def in_their_words(kind, body, to_responder):
    if kind == SA:
        return repacked(body)
    if kind in (ID_I, ID_R) and body[:1] == b"\2":
        return body[:4] + (PEER_NAME if (kind == ID_I) == to_responder else OWN_NAME)
    if kind == IKE_AUTH_AUTH:
        return body[:4] + bytes(len(body) - 4)
    return body


def chain(first, data, to_responder):
    """The same payloads as the target would have them; None: it is no chain."""
    all_of_it = list(payloads(first, data))
    if sum(4 + len(b) for _, b in all_of_it) != len(data):
        return None
    out = b""
    for i, (kind, body) in enumerate(all_of_it):
        following = all_of_it[i + 1][0] if i + 1 < len(all_of_it) else 0
        body = in_their_words(kind, body, to_responder)
        out += struct.pack(">BBH", following, 0, 4 + len(body)) + body
    return out


def opened(msg):
    """What a protected message has inside: the first payload's type, and the chain; or None."""
    body = msg[IKE_HEADER + 4:]
    if msg[16] != SK or len(body) < IV + 1 + ICV:
        return None
    inner = body[IV:-ICV]
    if inner[-1] + 1 > len(inner):
        return None
    return msg[IKE_HEADER], inner[:len(inner) - 1 - inner[-1]]


def translated(msg, to_responder):
    """The message as ike_input's node takes it."""
    spi_i, spi_r = msg[:8], msg[8:16]
    if to_responder:
        spi_r = OWN_SPI if any(spi_r) else spi_r
    else:
        spi_i = OWN_SPI
    inside = opened(msg)
    if inside:
        kind, data = inside
        data = chain(kind, data, to_responder)
        if data is None:
            return msg
        body = bytes(IV) + data + bytes(1 + ICV)
        rest = struct.pack(">BBH", kind, 0, 4 + len(body)) + body
    else:
        rest = chain(msg[16], msg[IKE_HEADER:], to_responder)
        if rest is None:
            return msg
    return spi_i + spi_r + msg[16:24] + struct.pack(">I", IKE_HEADER + len(rest)) + rest


class Script:
    """What one node hears of one IKE SA, for ike_input."""

    def __init__(self, to_responder):
        self.to_responder = to_responder
        self.bytes = b"\0" if to_responder else b"\1"

    def hear(self, msg, natt):
        msg = bytes(4 * natt) + translated(msg, self.to_responder)
        if len(self.bytes) + len(msg) < SCRIPT_MAX:
            self.bytes += struct.pack(">HB", len(msg), 0x80 * natt) + msg


scripts = {}


def chain_seeds(kind, data):
    put("ike_chain", bytes([kind]) + data)
    found = {}
    for kind, body in payloads(kind, data):
        put("ike_payload", bytes([kind]) + body)
        found[kind] = body
        if kind == SA:
            put("ike_sa", body)
    if seeds.TSI in found and seeds.TSR in found and len(found[seeds.TSI]) < 256:
        put("ike_ts", bytes([len(found[seeds.TSI])]) + found[seeds.TSI] + found[seeds.TSR])


def message(world, node, msg, natt):
    put("ike_header", msg)
    put("ike_protect", b"\0" + msg)
    put("ike_protect", b"\2" + msg)
    put("stream", b"\x20" + struct.pack(">H", len(msg) + 6) + bytes(4) + msg)
    inside = opened(msg)
    if inside:
        chain_seeds(*inside)
    elif msg[16] != SK:
        chain_seeds(msg[16], msg[IKE_HEADER:])
    # Who hears requests with another's first SPI before any answer has answered.
    key = (world, node, msg[:8])
    if key not in scripts:
        scripts[key] = Script(not msg[19] & RESPONSE)
    scripts[key].hear(msg, natt)


def esp(data, mode, udp):
    transport = mode == "transport"
    for how in range(0, 16, 4):
        packet = outer(6 if how & 8 else 4, udp, ESP_SPI + data[4:])
        put("esp", bytes([how | transport | udp << 1, 0]) + packet)
        packet = outer(6 if how & 8 else 4, udp, IPSEC_SPI + data[4:])[:255]
        put("ipsec", bytes([how | transport | udp << 1, len(packet)]) + packet)
    put("stream", b"\x20" + struct.pack(">H", len(data) + 2) + data)


def datagram(world, node, port, mode, data):
    natt = port == 4500
    if natt and data[:4] != bytes(4):
        esp(data, mode, 1)
        return
    msg = data[4 * natt:]
    if len(msg) >= IKE_HEADER:
        message(world, node, msg, natt)


def packet(data, mode, inside):
    for target, before in (("ip", b""), ("icmp", b"\x40"), ("mss", b"\x20"), ("segment", b"\0\x20"),
                           ("fragment", b"\0\x44\0\0"), ("fragment", b"\2\0\1\1"),
                           ("pcap_frame", b"\x80" if inside else b"\0")):
        put(target, before + data)
    version = 8 * (data[:1] >= b"\x60")
    if inside:
        put("ipsec", bytes([0xa0 | version, min(len(data), 255)]) + data[:255])
        return
    at = 40 if version else 20
    if len(data) > at + 8 and data[6 if version else 9] == 50:
        esp(data[at:], mode, 0)
    put("ipsec", bytes([version, min(len(data), 255)]) + data[:255])


def main():
    for line in sys.stdin:
        world, node, what, port, mode, data = (line.rstrip("\n") + " ").split(" ")[:6]
        data = bytes.fromhex(data)
        if what == "datagram":
            datagram(world, node, int(port), mode, data)
        else:
            packet(data, mode, what == "inside")
    for script in scripts.values():
        put("ike_input", script.bytes)


seeds.out = sys.argv[1]
main()
