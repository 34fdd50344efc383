#!/usr/bin/env python3
"""Seeds for the fuzz targets from the vectors: seeds.py VECTORS OUT writes OUT/TARGET/NAME."""
import glob
import json
import os
import struct
import sys

IKE_HEADER = 28
SA, TSI, TSR, SK = 33, 44, 45, 46
ESP_SPI = bytes.fromhex("00001234")  # of the esp target
STEP = 37  # every so many of scapy's packets: they are alike


def put(target, name, data):
    folder = os.path.join(out, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def payloads(kind, chain):
    """(type, body) of each payload; ends where a length does not fit."""
    while kind and len(chain) >= 4:
        size = struct.unpack(">H", chain[2:4])[0]
        if size < 4 or size > len(chain):
            return
        yield kind, chain[4:size]
        if kind == SK:
            return
        kind, chain = chain[0], chain[size:]


def chain_seeds(name, kind, chain):
    put("ike_chain", name, bytes([kind]) + chain)
    found = {}
    for i, (kind, body) in enumerate(payloads(kind, chain)):
        put("ike_payload", f"{name}-{i}-{kind}", bytes([kind]) + body)
        found[kind] = body
        if kind == SA:
            put("ike_sa", f"{name}-{i}", body)
    if TSI in found and TSR in found and len(found[TSI]) < 256:
        put("ike_ts", name, bytes([len(found[TSI])]) + found[TSI] + found[TSR])


def message_seeds(name, msg):
    put("ike_header", name, msg)
    put("ike_protect", name, b"\0" + msg)
    if msg[17] >> 4 == 2:
        chain_seeds(name, msg[16], msg[IKE_HEADER:])


def recorded_seeds(path):
    with open(path) as f:
        d = json.load(f)
    base = os.path.splitext(os.path.basename(path))[0].replace("ikev2-", "")
    script = {"i->r": b"\0", "r->i": b"\1"}
    stream = b"\x20"
    for i, p in enumerate(d["packets"]):
        data = bytes.fromhex(p["hex"])
        name = f"{base}-{i}"
        if p["kind"] != "IKE":
            put("esp", name, b"\2\0" + outer(4, True, ESP_SPI + data[4:]))
            stream += struct.pack(">H", len(data) + 2) + data
            continue
        natt = p["dport"] == 4500
        if len(data) >= IKE_HEADER:
            message_seeds(name, data)
        marked = b"\0" * 4 * natt + data
        script[p["dir"]] += struct.pack(">HB", len(marked), 0x80 * natt) + marked
        stream += struct.pack(">H", len(data) + 6) + b"\0" * 4 + data
        if p.get("inner"):
            first = int(p["inner_first_payload"])
            chain_seeds(name + "-inside", first, bytes.fromhex(p["inner"]))
    put("ike_input", base + "-r", script["i->r"])
    put("ike_input", base + "-i", script["r->i"])
    put("stream", base, stream[:4000])
    for side in "initiator", "responder":
        put("swanctl", f"{base}-{side}", d["conf_" + side].encode())


def upper_at(packet):
    """Offset of what the outer header carries."""
    return (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40


def packet_seeds(name, packet):
    put("ip", name, packet)
    put("icmp", name, b"\x40" + packet)
    put("mss", name, b"\x20" + packet)
    put("segment", name, b"\0\x20" + packet)
    put("fragment", name, b"\0\x44\0\0" + packet)
    put("ipsec", name, b"\xa0" + bytes([min(len(packet), 255)]) + packet[:255])


def outer(version, udp, data):
    """Before it headers as the targets' SAs have them: from nowhere to nowhere."""
    if udp:
        data = struct.pack(">HHHH", 4500, 4500, 8 + len(data), 0) + data
    protocol = 17 if udp else 50
    if version == 4:
        return struct.pack(">BBHIBBH8x", 0x45, 0, 20 + len(data), 0, 64, protocol, 0) + data
    return struct.pack(">IHBB32x", 0x60000000, len(data), protocol, 64) + data


def with_spi(packet, udp):
    at = upper_at(packet) + 8 * udp
    ah = packet[9 if packet[0] >> 4 == 4 else 6] == 51
    spi = 0x1004 if ah else 0x1001 if packet[0] >> 4 == 4 else 0x1003
    at += 4 * ah
    return packet[:at] + struct.pack(">I", spi) + packet[at + 4:]


def pcap(link, frames):
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    return head + b"".join(
        struct.pack("<IIII", 1, i, len(f), len(f)) + f for i, f in enumerate(frames)
    )


def scapy_seeds(path):
    with open(path) as f:
        vectors = json.load(f)["vectors"]
    for i, v in enumerate(vectors[::STEP]):
        packet, plain = bytes.fromhex(v["packet"]), bytes.fromhex(v["plain"])
        name = f"scapy-{i}"
        packet_seeds(name + "-out", packet)
        packet_seeds(name + "-in", plain)
        how = (v["mode"] == "transport") | v["nat_t"] << 1 | v["esn"] << 2
        how |= (v["outer_family"] == 6) << 3
        esp = packet[upper_at(packet) + 8 * v["nat_t"]:]
        put("esp", name, bytes([how, 0]) + outer(v["outer_family"], v["nat_t"], ESP_SPI + esp[4:]))
        put("ipsec", name + "-esp", bytes([how]) + bytes([min(len(packet), 255)]) + packet[:255])
        put("pcap_frame", name, b"\0" + packet)
        put("pcap_frame", name + "-encap", b"\x80" + plain)
    # Those that are readable behind the file target's ciphers, under its SPIs.
    open_doors = [v for v in vectors if v["encr"] == "NULL" and v["icv_len"] == 12][::STEP]
    frames = [with_spi(bytes.fromhex(v["packet"]), v["nat_t"]) for v in open_doors]
    for i in range(0, len(frames), 3):
        put("pcap_file", f"scapy-{i}", bytes([0]) + pcap(101, frames[i:i + 3]))
        plain = [bytes.fromhex(v["plain"]) for v in open_doors[i:i + 3]]
        put("pcap_file", f"scapy-{i}-on", bytes([1 + (i & 6)]) + pcap(101, plain))


if __name__ == "__main__":
    vectors, out = sys.argv[1:]
    for each in sorted(glob.glob(vectors + "/recorded/ikev2-*.json")):
        recorded_seeds(each)
    scapy_seeds(vectors + "/esp/scapy_differential_corpus.json")
