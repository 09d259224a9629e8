# SPDX-License-Identifier: Apache-2.0
#
# A broker process for each test, and paho clients that a test can wait on by name of what happened.
import os
import pathlib
import random
import socket
import subprocess
import threading
import time

import paho.mqtt.client as mqtt
import pytest

LIMIT = 10  # seconds that anything may take before it counts as never


def free_port():
    """Below 32768, where no outgoing connection of this host can be."""
    while True:
        with socket.socket() as probe:
            port = random.randrange(20000, 32000)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


@pytest.fixture
def port(tmp_path):
    port = free_port()
    (tmp_path / "broker.conf").write_text(f"listener {port} 127.0.0.1\n")
    program = pathlib.Path(os.environ["QOS2_BINARIES"]) / "qos2-broker"
    with open(tmp_path / "broker.log", "w") as log:
        broker = subprocess.Popen(
            [program, "-c", tmp_path / "broker.conf"], stderr=log, stdout=log, cwd=tmp_path
        )
    deadline = time.monotonic() + LIMIT
    while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
        assert broker.poll() is None and time.monotonic() < deadline, "the broker never listened"
    yield port
    broker.terminate()
    status = broker.wait(LIMIT)
    print((tmp_path / "broker.log").read_text())
    assert status == 0


class Client:
    """One paho client with its own thread; every callback is kept and can be waited for."""

    def __init__(
        self, port, version, name="", clean=True, expiry=0, keepalive=60, will=None, silent=False
    ):
        self.seen = []
        self.changed = threading.Condition()
        five = version == mqtt.MQTTv5
        options = {} if five else {"clean_session": clean}
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=version, **options
        )
        self.paho.on_connect = lambda c, u, flags, code, p: self.note(
            "connected", str(code), flags.session_present
        )
        self.paho.on_disconnect = lambda c, u, flags, code, p: self.note("disconnected", str(code))
        self.paho.on_subscribe = lambda c, u, mid, codes, p: self.note(
            "subscribed", [code.value for code in codes]
        )
        self.paho.on_unsubscribe = lambda c, u, mid, codes, p: self.note("unsubscribed")
        self.paho.on_publish = lambda c, u, mid, code, p: self.note("published", mid)
        self.paho.on_message = lambda c, u, m: self.note(
            "message", m.topic, m.payload.decode(), m.qos, m.retain
        )
        if will:
            self.paho.will_set(*will)
        if five:
            properties = mqtt.Properties(mqtt.PacketTypes.CONNECT)
            properties.SessionExpiryInterval = expiry
            self.paho.connect(
                "127.0.0.1", port, keepalive, clean_start=clean, properties=properties
            )
        else:
            self.paho.connect("127.0.0.1", port, keepalive)
        if not silent:
            self.paho.loop_start()
        while silent and not self.seen:
            self.paho.loop(0.1)  # Until CONNACK; then it never says a word again.

    def note(self, *what):
        with self.changed:
            self.seen.append(what)
            self.changed.notify_all()

    def wait(self, kind, count=1):
        """The first `count` events of this kind."""

        def found():
            return [event[1:] for event in self.seen if event[0] == kind]

        with self.changed:
            assert self.changed.wait_for(lambda: len(found()) >= count, LIMIT), (kind, self.seen)
            return found()

    def messages(self):
        with self.changed:
            return [event[1:] for event in self.seen if event[0] == "message"]

    def subscribe(self, topic, qos):
        before = len([1 for event in self.seen if event[0] == "subscribed"])
        self.paho.subscribe(topic, qos)
        return self.wait("subscribed", before + 1)[-1][0]

    def publish(self, topic, payload, qos, retain=False):
        info = self.paho.publish(topic, payload, qos, retain)
        info.wait_for_publish(LIMIT)
        assert info.is_published()

    def leave(self):
        self.paho.disconnect()
        self.wait("disconnected")
        self.paho.loop_stop()

    def die(self):
        """No DISCONNECT: the socket is simply gone."""
        self.paho.socket().shutdown(socket.SHUT_RDWR)
        self.paho.disconnect()


@pytest.fixture
def connect(port):
    clients = []

    def make(version, *arguments, **options):
        client = Client(port, version, *arguments, **options)
        clients.append(client)
        client.wait("connected")
        return client

    yield make
    for client in clients:
        client.paho.disconnect()  # Ends the thread at once, where loop_stop alone takes a second.
        client.paho.loop_stop()
