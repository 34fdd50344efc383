"""Random SAs and packets through adit and through scapy (scapy.layers.ipsec), both ways.

For each packet: what adit makes is, byte for byte, what scapy makes with the same IV; scapy opens it
and finds the packet; adit opens what scapy makes with an IV of its own, and finds the packet.
PACKETS= how many, SEED= which (both printed), LINES= the program built of lines.c.
"""

import binascii
import logging
import multiprocessing
import os
import random
import struct
import subprocess
import sys
import traceback
import warnings

logging.getLogger("scapy").setLevel(logging.ERROR)
warnings.simplefilter("ignore")
from scapy.all import (  # noqa: E402
    AH, ESP, ICMP, IP, IPOption, IPOption_NOP, IPOption_RR, IPOption_Router_Alert,
    IPOption_Timestamp, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
    Raw, RouterAlert, TCP, UDP, ICMPv6EchoRequest, HBHOptUnknown)
from scapy.layers.ipsec import AUTH_ALGOS, SecurityAssociation  # noqa: E402

# --- Where scapy 2.5 does not do what an RFC asks; what newer ones do stands here.


def sign_with_esn(algo):
    """ESP with separate integrity and extended numbers: scapy forgets the high half, which comes
    behind the packet in the integrity check (RFC 4303 2.2.1)."""
    plain_sign, plain_verify = algo.sign, algo.verify

    def with_high(method, pkt, key, esn):
        class Mac:
            def __init__(self, mac):
                self.mac = mac

            def update(self, data):
                self.mac.update(data)

            def finalize(self):
                self.mac.update(struct.pack("!L", esn))
                return self.mac.finalize()
        new_mac = algo.new_mac
        algo.new_mac = lambda k: Mac(new_mac(k))
        try:
            return method(pkt, key)
        finally:
            algo.new_mac = new_mac

    def sign(pkt, key, esn_en=False, esn=0):
        if pkt.haslayer(ESP) and algo.high is not None:
            return with_high(plain_sign, pkt, key, algo.high)
        return plain_sign(pkt, key, esn_en=esn_en, esn=esn)

    def verify(pkt, key, esn_en=False, esn=0):
        if isinstance(pkt, ESP) and algo.high is not None:
            return with_high(plain_verify, pkt, key, algo.high)
        return plain_verify(pkt, key, esn_en=esn_en, esn=esn)

    algo.high = None
    algo.sign, algo.verify = sign, verify


for each in AUTH_ALGOS.values():
    if each.mac:
        sign_with_esn(each)


def mend_udp_length(packet, head):
    """ESP in UDP: scapy writes a UDP length of 8."""
    p = bytearray(packet)
    p[head + 4:head + 6] = struct.pack("!H", len(p) - head)
    return bytes(p)


# --- Transforms: scapy's names, adit's, and key lengths.

INTEG = {"HMAC-SHA1-96": ("HMAC-SHA1-96", 20), "SHA2-256-128": ("HMAC-SHA2-256-128", 32),
         "SHA2-384-192": ("HMAC-SHA2-384-192", 48), "SHA2-512-256": ("HMAC-SHA2-512-256", 64),
         "HMAC-MD5-96": ("HMAC-MD5-96", 16), "AES-CMAC-96": ("AES-CMAC-96", 16)}
AES = (16, 24, 32)
# scapy's name: (adit's, key lengths, salt, IV, ICV of its own)
CIPHERS = {"NULL": (lambda k, i: "NULL", (0,), 0, 0, None),
           "AES-CBC": (lambda k, i: "AES-CBC-%d" % (8 * k), AES, 0, 16, None),
           "AES-CTR": (lambda k, i: "AES-CTR-%d" % (8 * k), AES, 4, 8, None),
           "3DES": (lambda k, i: "3DES-CBC", (24,), 0, 8, None),
           "DES": (lambda k, i: "DES-CBC", (8,), 0, 8, None),
           "AES-GCM": (lambda k, i: "AES-GCM-%d-%d" % (i, 8 * k), AES, 4, 8, (16,)),
           "AES-CCM": (lambda k, i: "AES-CCM-%d-%d" % (i, 8 * k), AES, 3, 8, (8, 12, 16)),
           "CHACHA20-POLY1305": (lambda k, i: "CHACHA20-POLY1305", (32,), 4, 8, (16,))}


def odd_parity(key):
    """DES keys: the lowest bit of each byte is its parity."""
    return bytes(b & 0xfe | (bin(b >> 1).count("1") + 1) % 2 for b in key)


# --- Random things.

def random_ip(r, version):
    if version == 4:
        return "10.%d.%d.%d" % (r.randrange(256), r.randrange(256), r.randrange(1, 255))
    return "2001:db8::%x:%x" % (r.randrange(65536), r.randrange(1, 65536))


def random_size(r):
    return r.choice((0, 1, 2, 3, r.randrange(64), r.randrange(64), r.randrange(600),
                     r.randrange(1400)))


def random_upper(r, version):
    payload = Raw(bytes(r.getrandbits(8) for _ in range(random_size(r))))
    ports = {"sport": r.randrange(5000, 65536), "dport": r.randrange(5000, 65536)}
    kind = r.randrange(4)
    if kind == 0:
        return UDP(**ports) / payload
    if kind == 1:
        return TCP(seq=r.getrandbits(32), flags=r.choice(("S", "A", "PA")), **ports) / payload
    if kind == 2:
        echo = ICMP(id=r.getrandbits(16)) if version == 4 else ICMPv6EchoRequest(
            id=r.getrandbits(16))
        return echo / payload
    return payload


def random_options(r):
    """IPv4 options; the changing ones too, which AH zeroes."""
    some = [IPOption_NOP(), IPOption_Router_Alert(),
            IPOption_RR(routers=["0.0.0.0"] * r.randrange(1, 4)),
            IPOption_Timestamp(timestamp=r.getrandbits(32)),
            IPOption(copy_flag=1, optclass=0, option=20, value=b"\0\0")]
    return r.sample(some, r.randrange(1, 3)) if r.randrange(3) == 0 else []


def random_headers(r, dst):
    """IPv6 extension headers that stand before ESP and AH, in the order of RFC 8200 4.1; and where
    the packet goes first: a routing header of type 0 has one more address to go to, since scapy
    foretells the end of AH's way as if there always were one."""
    headers, first = [], dst
    if r.randrange(4) == 0:
        headers.append(IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b"\0\0")]))
    elif r.randrange(4) == 0:
        # An option whose data may change on the way.
        headers.append(IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0x3e, optdata=bytes(
            r.getrandbits(8) for _ in range(4)))]))
    if r.randrange(6) == 0:
        first = random_ip(r, 6)
        headers.append(IPv6ExtHdrRouting(addresses=[dst], segleft=1))
    return headers, first


def arrive(packet):
    """The packet as its end sees it: what a routing header asks for is done."""
    p = bytearray(packet)
    if p[0] >> 4 == 4:
        return packet
    nxt, at = p[6], 40
    while nxt in (0, 43, 60):
        if nxt == 43 and p[at + 3] == 1:
            p[at + 3] = 0
            p[24:40], p[at + 8:at + 24] = p[at + 8:at + 24], p[24:40]
        nxt, at = p[at], at + (p[at + 1] + 1) * 8
    return bytes(p)


def random_packet(r, version, src, dst, transport):
    upper = random_upper(r, version)
    if version == 4:
        ip = IP(src=src, dst=dst, id=r.getrandbits(16), ttl=r.randrange(1, 256),
                tos=r.getrandbits(8), flags=r.choice((0, "DF")), options=random_options(r))
    else:
        headers, first = random_headers(r, dst) if transport else ([], dst)
        ip = IPv6(src=src, dst=first, hlim=r.randrange(1, 256), tc=r.getrandbits(8),
                  fl=r.getrandbits(20))
        for header in headers:
            ip = ip / header
    if isinstance(upper, Raw):
        # Behind extension headers scapy makes something of nothing.
        upper = upper if upper.load else Raw(b"\1")
        last = ip.lastlayer()
        if version == 4:
            ip.proto = 253
        else:
            last.nh = 253
    return bytes(ip / upper)


# --- One case.

class Case:
    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.ah = r.randrange(4) == 0
        self.transport = r.randrange(2) == 0
        self.outer, self.inner = r.choice((4, 6)), r.choice((4, 6))
        if self.transport:
            self.inner = self.outer
        self.spi = r.randrange(256, 1 << 32)
        self.esn = r.randrange(2) == 0
        self.low = r.choice((1, 2, 0xfffffffe, 0xffffffff, r.randrange(1, 1 << 32)))
        self.high = r.choice((0, 1, 0xfffffffe, r.getrandbits(31))) if self.esn else 0
        self.nat = not self.ah and self.outer == 4 and r.randrange(4) == 0
        self.local, self.remote = random_ip(r, self.outer), random_ip(r, self.outer)
        self.choose_transform()
        src, dst = ((self.local, self.remote) if self.transport else
                    (random_ip(r, self.inner), random_ip(r, self.inner)))
        self.plain = random_packet(r, self.inner, src, dst, self.transport)

    def choose_transform(self):
        r = self.r
        self.cipher = "NULL" if self.ah else r.choice(sorted(CIPHERS))
        name, keys, salt, self.iv_len, icvs = CIPHERS[self.cipher]
        size = r.choice(keys)
        self.icv = r.choice(icvs) if icvs else None
        key = bytes(r.getrandbits(8) for _ in range(size))
        if "DES" in self.cipher:
            key = odd_parity(key)
        self.crypt_key = key + bytes(r.getrandbits(8) for _ in range(salt))
        self.name, self.integ, self.auth_key = name(size, self.icv), None, b""
        if not icvs:
            self.integ = r.choice(sorted(INTEG))
            self.name += "+" + INTEG[self.integ][0]
            self.auth_key = bytes(r.getrandbits(8) for _ in range(INTEG[self.integ][1]))

    def head(self):
        """Bytes before ESP or AH, in a packet of ours."""
        return 20 if self.outer == 4 else 40

    def line(self, what, packet):
        ends = (self.local, self.remote) if what == "encap" else (self.remote, self.local)
        ports = "-"
        if self.nat:
            ports = "4500:5500" if what == "encap" else "5500:4500"
        key = binascii.hexlify(self.crypt_key + self.auth_key).decode() or "-"
        return " ".join((what, "ah" if self.ah else "esp",
                         "transport" if self.transport else "tunnel", str(self.spi),
                         str(self.high << 32 | self.low), "esn" if self.esn else "-", "-",
                         self.name, key, ends[0], ends[1], ports,
                         binascii.hexlify(packet).decode()))

    def association(self):
        tunnel = None
        if not self.transport:
            tunnel = self.tunnel_header()
        nat = UDP(sport=4500, dport=5500, chksum=0) if self.nat else None
        return SecurityAssociation(
            AH if self.ah else ESP, spi=self.spi, seq_num=self.low,
            crypt_algo=None if self.ah else self.cipher,
            crypt_key=None if self.ah or self.cipher == "NULL" else self.crypt_key,
            crypt_icv_size=self.icv, auth_algo=self.integ,
            auth_key=self.auth_key or None, tunnel_header=tunnel, nat_t_header=nat,
            esn_en=self.esn, esn=self.high)

    def tunnel_header(self):
        """The outer header that RFC 4301 5.1.2 and RFC 6040 ask for; the identification is a choice
        of adit's."""
        p = self.plain
        tos = p[1] if self.inner == 4 else (p[0] << 4 | p[1] >> 4) & 0xff
        df = self.inner == 4 and p[6] & 0x40
        if self.outer == 4:
            return IP(src=self.local, dst=self.remote, tos=tos, ttl=64, id=self.low & 0xffff,
                      flags="DF" if df else 0)
        return IPv6(src=self.local, dst=self.remote, tc=tos, hlim=64)

    def set_high(self):
        for algo in AUTH_ALGOS.values():
            if algo.mac:
                algo.high = self.high if self.esn and not self.ah else None

    def scapy_seal(self, iv):
        self.set_high()
        cls = IP if self.inner == 4 else IPv6
        sealed = bytes(self.association().encrypt(cls(self.plain), seq_num=self.low, iv=iv))
        if self.nat:
            sealed = mend_udp_length(sealed, (sealed[0] & 15) * 4)
        return sealed

    def scapy_open(self, packet):
        self.set_high()
        cls = IP if self.outer == 4 else IPv6
        packet = cls(packet)
        if self.transport:
            # Scapy takes what was inside for what the first extension header announced.
            object.__setattr__(packet, "guess_payload_class", lambda payload: Raw)
        return bytes(self.association().decrypt(packet))

    def iv_of(self, packet):
        p = packet
        if p[0] >> 4 == 4:
            at = (p[0] & 15) * 4
        else:
            at, nxt = 40, p[6]
            while nxt in (0, 43, 60):
                nxt, at = p[at], at + (p[at + 1] + 1) * 8
        at += 8 if self.nat else 0
        return p[at + 8:at + 8 + self.iv_len]

    def describe(self):
        return "%s %s %s v%d in v%d%s%s, number %x:%x, %d bytes" % (
            "AH" if self.ah else "ESP", "transport" if self.transport else "tunnel", self.name,
            self.inner, self.outer, ", ESN" if self.esn else "", ", UDP" if self.nat else "",
            self.high, self.low, len(self.plain))


class Wrong(Exception):
    pass


def differ(what, ours, theirs):
    if ours != theirs:
        raise Wrong("%s\n  adit  %s\n  scapy %s" % (
            what, binascii.hexlify(ours).decode(), binascii.hexlify(theirs).decode()))


class Lines:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().split()
        if not answer or answer[0] != "OK":
            raise Wrong("%s: adit says %s" % (line, " ".join(answer) or "nothing"))
        return binascii.unhexlify(answer[1])


def try_case(case, lines):
    ours = lines.ask(case.line("encap", case.plain))
    differ("what is made", ours, case.scapy_seal(None if case.ah else case.iv_of(ours)))
    differ("what scapy opens", arrive(case.plain), case.scapy_open(arrive(ours)))
    iv = bytes(case.r.getrandbits(8) for _ in range(case.iv_len))
    theirs = case.scapy_seal(None if case.ah else iv)
    differ("what adit opens", lines.ask(case.line("decap", arrive(theirs))), arrive(case.plain))


def run(job):
    program, seed, first, last = job
    lines = Lines(program)
    failed = []
    for number in range(first, last):
        case = Case("%d/%d" % (seed, number))
        try:
            try_case(case, lines)
        except Wrong as wrong:
            failed.append("packet %d: %s: %s" % (number, case.describe(), wrong))
        except Exception:
            failed.append("packet %d: %s: %s" % (number, case.describe(), traceback.format_exc()))
    lines.process.stdin.close()
    lines.process.wait()
    return failed


def main():
    packets = int(os.environ.get("PACKETS") or 20000)
    seed = int(os.environ.get("SEED") or random.SystemRandom().getrandbits(32))
    program = os.environ["LINES"]
    step = 200
    jobs = [(program, seed, at, min(at + step, packets)) for at in range(0, packets, step)]
    print("differential: %d packets, seed %d" % (packets, seed), flush=True)
    with multiprocessing.Pool() as pool:
        failed = [what for some in pool.imap(run, jobs) for what in some]
    for what in failed[:20]:
        print(what)
    if failed:
        print("again: make differential PACKETS=%d SEED=%d" % (packets, seed))
    print("%d passed, %d failed, 0 skipped" % (packets - len(failed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
