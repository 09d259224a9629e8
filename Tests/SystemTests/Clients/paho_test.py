# SPDX-License-Identifier: Apache-2.0
#
# paho-mqtt from PyPI against the broker: both versions, all QoS, a client that nobody here wrote.
import time

import paho.mqtt.client as mqtt
import pytest

pytestmark = pytest.mark.parametrize(
    "version", [mqtt.MQTTv311, mqtt.MQTTv5], ids=["3.1.1", "5.0"]
)
every_qos = pytest.mark.parametrize("qos", [0, 1, 2])


@every_qos
def test_exchange(connect, version, qos):
    receiver, sender = connect(version), connect(version)
    assert receiver.subscribe("sensor/data", qos) == [qos]
    for number in range(50):
        sender.publish("sensor/data", str(number), qos)
    receiver.wait("message", 50)
    assert receiver.messages() == [("sensor/data", str(n), qos, False) for n in range(50)]


@pytest.mark.parametrize("sent", [0, 1, 2])
@pytest.mark.parametrize("granted", [0, 1, 2])
def test_the_lower_qos_counts(connect, version, sent, granted):
    receiver, sender = connect(version), connect(version)
    receiver.subscribe("a", granted)
    sender.publish("a", "x", sent)
    assert receiver.wait("message") == [("a", "x", min(sent, granted), False)]


def test_a_thousand_at_once_arrive_once_and_in_order(connect, version):
    receiver, sender = connect(version), connect(version)
    receiver.subscribe("many", 2)
    infos = [sender.paho.publish("many", str(number), 2) for number in range(1000)]
    for info in infos:
        info.wait_for_publish(10)
    receiver.wait("message", 1000)
    assert [payload for _, payload, _, _ in receiver.messages()] == [str(n) for n in range(1000)]


@every_qos
def test_retained(connect, version, qos):
    sender = connect(version)
    sender.publish("state", "on", qos, retain=True)
    sender.publish("fence", "", 2)  # All earlier packets of this client have been taken.
    receiver = connect(version)
    receiver.subscribe("state", 2)
    assert receiver.wait("message") == [("state", "on", qos, True)]
    sender.publish("state", "off", qos, retain=True)
    assert receiver.wait("message", 2)[1] == ("state", "off", qos, False)
    sender.publish("state", "", 2, retain=True)
    late = connect(version)
    late.subscribe("state", 2)
    sender.publish("state", "fresh", 2)
    assert late.wait("message") == [("state", "fresh", 2, False)]


@every_qos
def test_will_of_a_client_that_died(connect, version, qos):
    watcher = connect(version)
    watcher.subscribe("will/#", 2)
    mortal = connect(version, will=("will/mortal", "gone", qos, False))
    mortal.die()
    assert watcher.wait("message") == [("will/mortal", "gone", qos, False)]


def test_no_will_of_a_client_that_said_goodbye(connect, version):
    watcher = connect(version)
    watcher.subscribe("#", 2)
    polite = connect(version, will=("will", "gone", 2, False))
    polite.leave()
    watcher.publish("after", "x", 2)
    assert watcher.wait("message") == [("after", "x", 2, False)]


@pytest.mark.parametrize("qos", [1, 2])
def test_session_keeps_what_came_meanwhile(connect, version, qos):
    keeper = connect(version, "keeper", clean=False, expiry=60)
    assert keeper.wait("connected") == [("Success", False)]
    keeper.subscribe("queue", qos)
    keeper.leave()
    sender = connect(version)
    for number in range(20):
        sender.publish("queue", str(number), qos)
    again = connect(version, "keeper", clean=False, expiry=60)
    assert again.wait("connected") == [("Success", True)]
    again.wait("message", 20)
    assert again.messages() == [("queue", str(n), qos, False) for n in range(20)]
    again.leave()
    fresh = connect(version, "keeper", clean=True)
    assert fresh.wait("connected") == [("Success", False)]
    sender.publish("queue", "nobody's", qos)
    fresh.subscribe("fence", 2)
    sender.publish("fence", "x", 2)
    assert fresh.wait("message") == [("fence", "x", 2, False)]


def test_unsubscribe(connect, version):
    receiver, sender = connect(version), connect(version)
    receiver.subscribe("a", 2)
    receiver.subscribe("b", 2)
    receiver.paho.unsubscribe("a")
    receiver.wait("unsubscribed")
    sender.publish("a", "unheard", 2)
    sender.publish("b", "heard", 2)
    assert receiver.wait("message") == [("b", "heard", 2, False)]


def test_takeover(connect, version):
    first = connect(version, "same", clean=False, expiry=60)
    first.paho.reconnect_delay_set(60, 60)
    first.subscribe("t", 2)
    second = connect(version, "same", clean=False, expiry=60)
    assert second.wait("connected") == [("Success", True)]
    reason = first.wait("disconnected")[0][0]
    if version == mqtt.MQTTv5:
        assert reason == "Session taken over"
    connect(version).publish("t", "to the second", 2)
    assert second.wait("message") == [("t", "to the second", 2, False)]
    assert first.messages() == []


def test_keep_alive_expires(connect, version):
    watcher = connect(version)
    watcher.subscribe("will", 2)
    connect(version, keepalive=1, will=("will", "silent", 2, False), silent=True)
    since = time.monotonic()
    assert watcher.wait("message") == [("will", "silent", 2, False)]
    assert 1 <= time.monotonic() - since < 4  # One and a half times the keep alive.


def test_keep_alive_is_kept_by_pings(connect, version):
    lively = connect(version, keepalive=1)
    watcher = connect(version)
    watcher.subscribe("fence", 2)
    time.sleep(3)  # What must not happen has no event to wait for.
    lively.publish("fence", "still here", 2)
    assert watcher.wait("message")[0][1] == "still here"
    assert not [event for event in lively.seen if event[0] == "disconnected"]


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
)
def test_wildcards(connect, version, topic_filter, hits):
    receiver, sender = connect(version), connect(version)
    receiver.subscribe(topic_filter, 2)
    receiver.subscribe("last/fence/of/all", 2)
    for topic in ["a", "a/b", "a/b/c", "/", "b/"]:
        sender.publish(topic, "x", 2)
    sender.publish("last/fence/of/all", "x", 2)
    # A broker may send one copy for each subscription that matches.
    received = [topic for topic, _, _, _ in receiver.wait("message", len(hits) + 1)]
    assert [topic for topic in received if topic != "last/fence/of/all"] == hits


@every_qos
def test_bodies_of_all_sizes(connect, version, qos):
    receiver, sender = connect(version), connect(version)
    receiver.subscribe("body", qos)
    sizes = [0, 1, 127, 128, 16_383, 16_384, 100_000, 1_000_000]
    for size in sizes:
        sender.publish("body", "x" * size, qos)
    receiver.wait("message", len(sizes))
    assert [len(payload) for _, payload, _, _ in receiver.messages()] == sizes
