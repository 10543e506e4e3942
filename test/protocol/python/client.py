"""An echo client, written from docs/protocol.md alone: Python 3.9 or newer, standard library only.

    client.py SERVER HANDLE STATE-FILE COUNT [--cut-after N]

Registers HANDLE (again with the same key when STATE-FILE has one), logs in, answers each message with `echo: …` to
its sender, and ends when COUNT messages were answered and the answers accepted. With --cut-after it drops the
connection after N messages, without a word, and comes back by its ticket. Prints one JSON line per event.

Everything the page says a device keeps is in STATE-FILE, written and synced before it is acknowledged or offered.
"""
import base64
import hashlib
import json
import os
import secrets
import socket
import struct
import sys
import time
import urllib.request
from urllib.parse import urlsplit

# --- Ed25519 signatures, RFC 8032 section 5.1, in extended coordinates ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def base_point():
    xx = (BASE_Y * BASE_Y - 1) * pow(D * BASE_Y * BASE_Y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return (x, BASE_Y, 1, x * BASE_Y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


def encode_point(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def hash_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, digest[32:]


def public_key(seed):
    return encode_point(times(expand(seed)[0], base_point()))


def sign(seed, message):
    scalar, prefix = expand(seed)
    nonce = hash_int(prefix, message) % L
    point = encode_point(times(nonce, base_point()))
    s = (nonce + hash_int(point, public_key(seed), message) * scalar) % L
    return point + s.to_bytes(32, "little")


# --- MessagePack: nil, booleans, integers, str, bin, array, map ---


def pack(value):
    if value is None or value is True or value is False:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return bytes([value]) if value < 128 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, str):
        encoded = value.encode()
        return b"\xdb" + struct.pack(">I", len(encoded)) + encoded
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, (list, tuple)):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        pairs = b"".join(pack(key) + pack(inner) for key, inner in value.items())
        return b"\xdf" + struct.pack(">I", len(value)) + pairs
    raise TypeError(f"cannot pack {type(value)}")


class Unpacker:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise ValueError("the bytes end within a value")
        self.at += count
        return part

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def array(self, count):
        return [self.value() for _ in range(count)]

    def map(self, count):
        return {self.value(): self.value() for _ in range(count)}

    def value(self):
        token = self.take(1)[0]
        if token < 0x80:
            return token
        if token < 0x90:
            return self.map(token & 15)
        if token < 0xA0:
            return self.array(token & 15)
        if token < 0xC0:
            return self.take(token & 31).decode()
        if token >= 0xE0:
            return token - 256
        if token in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[token]
        if 0xC4 <= token <= 0xC6:
            return bytes(self.take(self.number("BHI"[token - 0xC4])))
        if 0xCA <= token <= 0xD3:
            return self.number("fdBHIQbhiq"[token - 0xCA])
        if 0xD9 <= token <= 0xDB:
            return self.take(self.number("BHI"[token - 0xD9])).decode()
        if 0xDC <= token <= 0xDD:
            return self.array(self.number("HI"[token - 0xDC]))
        if 0xDE <= token <= 0xDF:
            return self.map(self.number("HI"[token - 0xDE]))
        raise ValueError(f"byte {token:#x} is not used by this protocol")


# --- WebSocket, RFC 6455 ---


class Closed(Exception):
    """The connection is gone, or was refused."""


class SentAway(Exception):
    """`close`, with the milliseconds to stay away."""


class WebSocket:
    def __init__(self, server, path):
        host, port = server.hostname, server.port or 80
        self.socket = socket.create_connection((host, port), timeout=30)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: strowger.v1\r\n\r\n"
            ).encode()
        )
        self.buffer = b""
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.read(1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise Closed(head.decode())

    def read(self, count):
        while len(self.buffer) < count:
            part = self.socket.recv(65536)
            if not part:
                raise Closed("the connection is gone")
            self.buffer += part
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def write(self, opcode, data):
        mask = secrets.token_bytes(4)
        length = len(data)
        if length < 126:
            head = bytes([0x80 | opcode, 0x80 | length])
        else:
            head = bytes([0x80 | opcode, 0x80 | 127]) + struct.pack(">Q", length)
        self.socket.sendall(head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(data)))

    def receive(self):
        """The next binary message."""
        message = b""
        while True:
            first, length = self.read(2)
            if length == 126:
                length = struct.unpack(">H", self.read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.read(8))[0]
            data = self.read(length)
            opcode = first & 15
            if opcode == 8:
                raise Closed(f"closed by the server: {data[2:].decode()}")
            if opcode == 9:
                self.write(10, data)
            elif opcode in (0, 2):
                message += data
                if first & 0x80:
                    return message


# --- The protocol ---

LOGIN, SEND, ACK = 1, 2, 4
CHALLENGE, WELCOME, STATE, ACCEPTED, REJECTED, DELIVER, ERROR, CLOSE = 33, 34, 35, 36, 37, 38, 40, 41
MESSAGE = 1


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def say(event):
    print(json.dumps(event), flush=True)


class Device:
    def __init__(self, server, handle, file):
        self.server, self.file = urlsplit(server), file
        if os.path.exists(file):
            with open(file) as stored:
                self.kept = json.load(stored)
        else:
            self.kept = {
                "user": handle, "seed": secrets.token_hex(32), "device": None, "era": None,
                # as a sender: [seq, rev, user, body] per entry; what was accepted stays, for a restored server
                "next": 1, "upTo": 0, "outbox": [], "accepted": [], "versions": {},
                # as a receiver
                "have": 0, "from": {},
            }
            self.keep()
        self.seed = bytes.fromhex(self.kept["seed"])
        self.ticket = None
        self.answered = 0
        self.repaired = False

    def keep(self):
        with open(self.file + ".new", "w") as stored:
            json.dump(self.kept, stored)
            stored.flush()
            os.fsync(stored.fileno())
        os.replace(self.file + ".new", self.file)

    def register(self):
        user, key = self.kept["user"], public_key(self.seed)
        signature = sign(self.seed, b"strowger.v1 register\0" + user.encode() + b"\0" + key)
        body = {"handle": user, "key": base64url(key), "signature": base64url(signature)}
        request = urllib.request.Request(
            f"{self.server.scheme}://{self.server.netloc}/v1/register",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            self.kept["device"] = json.load(answer)["device"]
        self.keep()
        say({"event": "registered", "device": self.kept["device"]})

    def connect(self):
        self.socket = WebSocket(self.server, f"/v1/{self.kept['device']}")

    def send(self, *packets):
        if packets:
            self.socket.write(2, pack(packets))

    def login(self, nonce):
        if self.ticket is not None:
            proof = [2, self.ticket]
        else:
            device = self.kept["device"].encode()
            proof = [1, sign(self.seed, b"strowger.v1 login\0" + device + b"\0" + b"3\0" + nonce)]
        say({"event": "login", "by": "ticket" if self.ticket else "signature"})
        self.send([LOGIN, 1, 3, proof, "python-example/1"])

    def submit(self, user, text):
        body = pack(
            {"v": 1, "id": secrets.token_bytes(16), "sentAt": int(time.time() * 1000), "to": [user],
             "type": "text", "text": text}
        )
        self.kept["outbox"].append([self.kept["next"], 0, user, body.hex()])
        self.kept["next"] += 1

    def offers(self, first):
        """The packets for the entries from `first` on, within the window."""
        versions, own = self.kept["versions"], self.kept["user"]
        packets = []
        for index, (seq, rev, user, body) in enumerate(self.kept["outbox"][: self.window]):
            prev = self.kept["outbox"][index - 1][0] if index else self.kept["upTo"]
            to = [1, [[user, versions.get(user, 0)]], versions.get(own, 0)]
            if index >= first:
                packets.append([SEND, seq, prev, rev, to, bytes.fromhex(body)])
        self.offered = max(first, min(self.window, len(self.kept["outbox"])))
        return packets

    def settle(self, up_to, seen, rev, why):
        outbox = self.kept["outbox"]
        while outbox and outbox[0][0] <= up_to:
            self.kept["accepted"].append(outbox.pop(0))
            self.offered = max(0, self.offered - 1)
            self.answered += 1
        del self.kept["accepted"][:-1000]
        self.kept["upTo"] = max(self.kept["upTo"], up_to)
        if outbox and (outbox[0][0] < seen or (outbox[0][0] == seen and outbox[0][1] <= rev)):
            if why and outbox[0][0] == seen and why[0] == "stale_devices" and outbox[0][1] < 16:
                self.kept["versions"].update({user: version for user, version, _ in why[1]})
                outbox[0][1] += 1
                self.repaired = True
            else:
                say({"event": "dropped", "seq": outbox[0][0], "why": why})
                outbox.pop(0)
        self.keep()

    def on_state(self, up_to, seen, rev, why, acked, era):
        kept = self.kept
        if seen >= kept["next"] or (era == kept["era"] and acked > kept["have"]):
            raise SystemExit("this state file is an old copy: link a new device")
        if era != kept["era"]:
            lost = [entry for entry in kept["accepted"] if entry[0] > up_to]
            kept["accepted"] = [entry for entry in kept["accepted"] if entry[0] <= up_to]
            kept["outbox"] = lost + kept["outbox"]
            kept["upTo"], kept["era"], kept["have"] = up_to, era, acked
        self.settle(up_to, seen, rev, why)
        self.send([ACK, kept["have"], False], *self.offers(0))

    def on_deliver(self, after, rows):
        if after > self.kept["have"]:
            self.send([ACK, self.kept["have"], True])
            return
        for row in rows:
            if row[1] <= self.kept["have"]:
                continue
            self.kept["have"] = row[1]
            if row[0] != MESSAGE or row[3] <= self.kept["from"].get(row[2], 0):
                continue
            sender, seq, body = row[2], row[3], Unpacker(row[6]).value()
            self.kept["from"][sender] = seq
            self.received += 1
            say({"event": "message", "from": sender, "seq": seq, "text": body["text"]})
            self.submit(sender.split(":")[0], "echo: " + body["text"])
        self.keep()
        self.send([ACK, self.kept["have"], False], *self.offers(self.offered))

    def on_packet(self, kind, *fields):
        if kind == CHALLENGE:
            self.login(fields[0])
        elif kind == WELCOME:
            self.ticket, self.window, self.failures = fields[0], fields[3]["unacceptedSends"], 0
        elif kind == STATE:
            self.on_state(*fields[:6])
        elif kind == ACCEPTED:
            self.settle(fields[0], fields[0], 0, None)
            self.send(*self.offers(self.offered))
        elif kind == REJECTED:
            self.settle(fields[3], fields[0], fields[1], fields[2])
            self.send(*self.offers(0))
        elif kind == DELIVER:
            self.on_deliver(fields[0], fields[1])
        elif kind == CLOSE and fields[2] is not None:
            raise SentAway(fields[2])
        elif kind in (ERROR, CLOSE):
            raise SystemExit(f"the server says {fields[0]}: {fields[1]}")

    def run(self, count, cut_after):
        self.received = self.failures = 0
        while self.answered < count:
            wait = None
            self.offered = self.window = 0
            try:
                self.connect()
                while self.answered < count and not (cut_after and self.received >= cut_after):
                    for kind, *fields in Unpacker(self.socket.receive()).value():
                        self.on_packet(kind, *fields)
                if self.answered < count:
                    cut_after = 0
                    self.socket.socket.close()
                    say({"event": "cut"})
                    continue
            except SentAway as sent:
                wait = sent.args[0] / 1000
            except (Closed, OSError) as error:
                say({"event": "disconnected", "why": str(error)})
            if self.answered < count:
                self.failures += 1
                time.sleep(wait or secrets.randbelow(1000) / 1000 * min(30, 0.5 * 2 ** (self.failures - 1)))
        say({"event": "done", "answered": self.answered, "repaired": self.repaired})


if __name__ == "__main__":
    arguments = sys.argv[1:]
    cut = int(arguments[arguments.index("--cut-after") + 1]) if "--cut-after" in arguments else 0
    echo = Device(arguments[0], arguments[1], arguments[2])
    echo.register()
    echo.run(int(arguments[3]), cut)
