# SPDX-License-Identifier: Apache-2.0
#
# Clients in other languages: a program that is told what to do, and tells what happened, a line
# each: a word and fields `name=value`, apart by tabs, values percent-encoded. Properties are fields
# that begin with `p.` (the will's with `w.`); a user property is name, NUL, value.
import itertools
import os
import subprocess
import threading
from urllib.parse import quote_from_bytes, unquote_to_bytes

from client import LIMIT, Client, Message

TEXTS = ("content_type", "response_topic", "assigned_client_identifier", "reason_string",
         "response_information", "server_reference")


def field(name, value):
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, bytes):
        value = str(int(value)).encode()
    return f"{name}={quote_from_bytes(value, safe=' /,.:')}"


def fields(prefix, properties):
    for name, value in properties.items():
        if name == "user_property":
            for pair in value:
                yield field(prefix + name, "\0".join(pair))
        else:
            yield field(prefix + name, value)


def unpacked(words):
    known = {}
    for name, value in words:
        if not name.startswith("p."):
            continue
        name = name[2:]
        if name == "user_property":
            known.setdefault(name, []).append(tuple(value.decode().split("\0")))
        elif name == "subscription_identifier":
            known.setdefault(name, []).append(int(value))
        elif name in TEXTS:
            known[name] = value.decode()
        else:
            known[name] = value if name == "correlation_data" else int(value)
    return known


class Spoken(Client):
    environment = {}

    def command(self):
        """The words that start its program."""
        raise NotImplementedError

    def open(self):
        self.numbers = itertools.count(1)
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(os.environ, **self.environment))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        will = []
        if self.will:
            will = [
                field("will_topic", self.will.topic), field("will_payload", self.will.payload),
                field("will_qos", self.will.qos), field("will_retain", self.will.retain)]
            delay = {"will_delay_interval": self.will.delay} if self.will.delay else {}
            will += fields("w.", dict(self.will.properties, **delay))
        self.tell(
            "connect", *will, *fields("p.", self.properties), five=self.five, name=self.name,
            clean=self.clean, expiry=self.expiry, keepalive=self.keepalive, port=self.port,
            reconnects=self.reconnects, holds=self.holds, folder=str(self.folder))

    def tell(self, word, *more, **named):
        line = "\t".join([word, *(field(name, value) for name, value in named.items()), *more])
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def read(self):
        for line in self.process.stdout:
            word, *rest = line.rstrip(b"\n").split(b"\t")
            words = []
            for item in rest:
                name, _, value = item.partition(b"=")
                words.append((name.decode(), unquote_to_bytes(value)))
            self.happened(word.decode(), dict(words), unpacked(words))

    def happened(self, word, named, properties):
        number = lambda name: int(named.get(name, 0))
        if word == "connected":
            self.note(word, number("code"), bool(number("present")), properties)
        elif word == "message":
            self.note(word, Message(
                named["topic"].decode(), named["payload"], number("qos"), bool(number("retain")),
                properties))
        elif word == "disconnected":
            self.note(word, number("code"))
        else:
            self.note(word, number("id"), number("code"), named.get("text", b"").decode())

    def ask(self, word, answer, *more, **named):
        """Tells it, and gives back what waits for the answer's code."""
        number = next(self.numbers)
        self.tell(word, *more, id=number, **named)

        def finished():
            answers = lambda: [event for event in self.events(answer) if event[0] == number]
            with self.changed:
                assert self.changed.wait_for(answers, LIMIT), (word, self.seen[-5:])
                return answers()[-1][1]

        return finished

    def subscribe(self, topic_filter, qos=0, **options):
        return self.ask("subscribe", "subscribed", filter=topic_filter, qos=qos, **options)()

    def unsubscribe(self, topic_filter):
        self.ask("unsubscribe", "unsubscribed", filter=topic_filter)()

    def send(self, topic, payload, qos=0, retain=False, **properties):
        return self.ask(
            "publish", "published", *fields("p.", properties), topic=topic, payload=payload,
            qos=qos, retain=retain)

    def crash(self):
        """kill -9 of the client."""
        self.process.kill()
        self.process.wait(LIMIT)
        self.reader.join(LIMIT)

    def release(self):
        self.tell("release")

    def leave(self, reason=0):
        self.tell("leave", reason=reason)
        self.wait("left")

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # It was killed in the middle of a line.
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join(LIMIT)
        self.process.stdout.close()
