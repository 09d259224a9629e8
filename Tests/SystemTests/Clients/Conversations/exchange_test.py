# SPDX-License-Identifier: Apache-2.0
#
# Messages between two clients of each kind: all QoS, order, wildcards, bodies, retained messages.
import time

import pytest


def test_exchange(connect, qos):
    receiver, sender = connect(), connect()
    granted = receiver.subscribe("sensor/data", qos)
    assert granted in (qos, None)  # Where a client does not tell.
    for number in range(50):
        sender.publish("sensor/data", str(number), qos)
    assert receiver.briefs(50) == [("sensor/data", str(n), qos, False) for n in range(50)]


@pytest.mark.parametrize("granted", [0, 1, 2])
def test_the_lower_qos_counts(connect, qos, granted):
    if f"qos {granted}" in connect.kind.lacks:
        granted = connect.top
    receiver, sender = connect(), connect()
    receiver.subscribe("a", granted)
    sender.publish("a", "x", qos)
    assert receiver.briefs() == [("a", "x", min(qos, granted), False)]


@pytest.mark.asks("many at once")
@pytest.mark.acknowledged
def test_a_thousand_at_once_arrive_once_and_in_order(connect, qos):
    receiver, sender = connect(), connect()
    receiver.subscribe("many", qos)
    for finished in [sender.send("many", str(number), qos) for number in range(1000)]:
        finished()
    receiver.wait("message", 1000)
    assert [message.payload for message in receiver.heard()] == [b"%d" % n for n in range(1000)]


def test_unsubscribe(connect):
    receiver, sender = connect(), connect()
    receiver.subscribe("a", connect.top)
    receiver.subscribe("b", connect.top)
    receiver.unsubscribe("a")
    sender.publish("a", "unheard", connect.top)
    sender.publish("b", "heard", connect.top)
    assert receiver.briefs() == [("b", "heard", connect.top, False)]


@pytest.mark.parametrize(
    "topic_filter, hits",
    [
        ("#", ["a", "a/b", "a/b/c", "/", "b/"]),
        ("+", ["a"]),
        ("a/#", ["a", "a/b", "a/b/c"]),
        ("a/+", ["a/b"]),
        ("+/+", ["a/b", "/", "b/"]),
        ("a/+/c", ["a/b/c"]),
        ("/+", ["/"]),
        ("b/+", ["b/"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wildcards(connect, topic_filter, hits):
    receiver, sender = connect(), connect()
    receiver.subscribe(topic_filter, connect.top)
    for topic in ["a", "a/b", "a/b/c", "/", "b/"]:
        sender.publish(topic, "x", connect.top)
    # The last of all: whatever is to come has come before it.
    receiver.subscribe("$fence", connect.top)
    sender.publish("$fence", "x", connect.top)
    received = [message.topic for message in receiver.hear(len(hits) + 1)]
    assert received == hits + ["$fence"]


def test_bodies_of_all_sizes(connect, qos):
    receiver, sender = connect(), connect()
    receiver.subscribe("body", qos)
    sizes = [0, 1, 127, 128, 16_383, 16_384, 100_000]
    for size in sizes:
        sender.publish("body", "x" * size, qos)
    assert [len(message.payload) for message in receiver.hear(len(sizes))] == sizes


@pytest.mark.asks("large bodies")
@pytest.mark.parametrize("size", [1 << 20, 16 << 20], ids=["1MiB", "16MiB"])
def test_large_bodies(connect, size):
    receiver, sender = connect(), connect()
    receiver.subscribe("body", connect.top)
    # Differs everywhere: nothing may move within it.
    body = b"".join(b"%07d," % number for number in range(size // 8)).decode()
    sender.publish("body", body, connect.top)
    message = receiver.hear()[0]
    assert message.payload == body.encode()  # pytest would print both.


def test_retained(connect, qos):
    sender = connect()
    sender.publish("state", "on", qos, retain=True)
    sender.publish("fence", "", connect.top)  # All earlier packets of this client have been taken.
    receiver = connect()
    receiver.subscribe("state", connect.top)
    assert receiver.briefs() == [("state", "on", qos, True)]
    sender.publish("state", "off", qos, retain=True)
    assert receiver.briefs(2)[1] == ("state", "off", qos, False)
    sender.publish("state", "", connect.top, retain=True)
    late = connect()
    late.subscribe("state", connect.top)
    sender.publish("state", "fresh", connect.top)
    assert late.briefs() == [("state", "fresh", connect.top, False)]


@pytest.mark.asks("short keep alive")
def test_keep_alive_is_kept_by_pings(connect):
    lively, watcher = connect(keepalive=1), connect()
    watcher.subscribe("fence", connect.top)
    time.sleep(3)  # What must not happen has no event to wait for.
    lively.publish("fence", "still here", connect.top)
    assert watcher.briefs() == [("fence", "still here", connect.top, False)]
    assert lively.events("disconnected") == [] and len(lively.events("connected")) == 1
