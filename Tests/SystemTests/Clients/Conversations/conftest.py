# SPDX-License-Identifier: Apache-2.0
#
# A broker process for each test, the kinds of clients that the test is asked of, and a relay
# through which a connection can be cut.
import itertools
import os
import pathlib
import random
import socket
import subprocess
import threading
import time

import pytest

import kinds
from client import LIMIT


def free_port():
    """Below 32768, where no outgoing connection of this host can be; each process that runs tests
    has a range of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    while True:
        with socket.socket() as probe:
            port = random.randrange(20000 + worker % 12 * 1000, 21000 + worker % 12 * 1000)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Broker:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None

    def start(self, *settings):
        lines = (f"listener {self.port} 127.0.0.1", *settings)
        (self.folder / "broker.conf").write_text("\n".join(lines) + "\n")
        program = pathlib.Path(os.environ["QOS2_BINARIES"]) / "qos2-broker"
        with open(self.folder / "broker.log", "w") as log:
            self.process = subprocess.Popen(
                [program, "-c", self.folder / "broker.conf"],
                stderr=log, stdout=log, cwd=self.folder,
            )
        self.wait_for("listening on 127.0.0.1:")

    def log(self):
        """What it has said since it was started."""
        return (self.folder / "broker.log").read_text()

    def wait_for(self, text):
        deadline = time.monotonic() + LIMIT
        while text not in self.log():
            lives = self.process.poll() is None and time.monotonic() < deadline
            assert lives, f"never said: {text}\n{self.log()}"
            time.sleep(0.005)

    def stop(self):
        self.process.terminate()
        return self.process.wait(LIMIT)

    def kill(self):
        self.process.kill()
        self.process.wait(LIMIT)


@pytest.fixture
def broker(request, tmp_path):
    """Started with the lines of the test's mark `settings`."""
    broker = Broker(tmp_path)
    mark = request.node.get_closest_marker("settings")
    broker.start(*(mark.args if mark else ()))
    yield broker
    status = broker.stop()
    print(broker.log())
    assert status == 0


class Relay:
    """Passes bytes between a client and the broker until it is told to cut."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ends = []
        self.open = True
        self.passing = threading.Event()
        self.passing.set()
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def entrance(self):
        return self.listener.getsockname()[1]

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.port))
            self.ends += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(source, target), daemon=True).start()

    def pass_on(self, source, target):
        try:
            while data := source.recv(65536):
                self.passing.wait()
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """What is under way is lost; the client may come back."""
        ends, self.ends = self.ends, []
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def break_off(self):
        """As `cut`, but nobody comes through any more."""
        self.open = False
        self.cut()

    def hold(self):
        """The connection stands, and nothing passes."""
        self.passing.clear()

    def close(self):
        self.passing.set()
        self.break_off()
        self.listener.close()


@pytest.fixture
def relay(broker):
    relay = Relay(broker.port)
    yield relay
    relay.close()


def suits(kind, version, qos, marks):
    """Whether a test with these marks can be asked of this kind of client. What it lacks may name
    a QoS or a version behind the word."""
    asked = [word for mark in marks if mark.name == "asks" for word in mark.args]
    if "5.0" in asked and version != "5.0" or version not in kind.versions:
        return False
    if qos == 0 and any(mark.name == "acknowledged" for mark in marks):
        return False
    if "storing" in asked and not kind.stores:
        return False
    broken = [word for mark in marks if mark.name == "breaks" for word in mark.args]
    if not all(word in kind.lacks for word in broken):
        return False
    asked = asked + ["qos"]
    endings = ("", f" {qos}", f" {version}")
    spellings = {word + ending for word in asked for ending in endings}
    return not spellings & set(kind.lacks)


def pytest_generate_tests(metafunc):
    if "connect" not in metafunc.fixturenames:
        return
    marks = list(metafunc.definition.iter_markers())
    levels = (0, 1, 2) if "qos" in metafunc.fixturenames else (None,)
    cases = []
    for kind, version, qos in itertools.product(kinds.ALL, ("3.1.1", "5.0"), levels):
        if suits(kind, version, qos, marks):
            level = () if qos is None else (qos,)
            name = "-".join(map(str, (kind.__name__, version, *level)))
            cases.append(pytest.param((kind, version), *level, id=name))
    names = ("connect", "qos") if levels != (None,) else ("connect",)
    metafunc.parametrize(names, cases, indirect=["connect"])


class Connector:
    """Makes clients of one kind and version, and ends them after the test."""

    def __init__(self, kind, version, port, folder):
        self.kind, self.version, self.port, self.folder = kind, version, port, folder
        self.five = version == "5.0"
        self.clients = []
        self.count = 0
        # The highest QoS that this kind has.
        self.top = max(qos for qos in range(3) if f"qos {qos}" not in kind.lacks)

    def lacks(self, word):
        return word in self.kind.lacks or f"{word} {self.version}" in self.kind.lacks

    def __call__(self, name="", relay=None, **options):
        self.count += 1
        if not name and self.lacks("empty names"):
            name = f"client{self.count}"
        port = relay.entrance if relay else self.port
        # Where it may keep what it has not finished: by name, for when it comes again.
        folder = self.folder / (name or f"unnamed{self.count}")
        folder.mkdir(exist_ok=True)
        client = self.kind(port, self.version, name=name, folder=folder, **options)
        self.clients.append(client)
        client.wait("connected")
        return client


@pytest.fixture
def connect(request, broker):
    connector = Connector(*request.param, broker.port, broker.folder)
    yield connector
    for client in connector.clients:
        client.stop()
