# SPDX-License-Identifier: Apache-2.0
#
# What outlives a connection: sessions, their messages, their end; and clients that come back by
# themselves in the middle of everything.
import pytest

from client import Will


@pytest.mark.acknowledged
def test_session_keeps_what_came_meanwhile(connect, qos):
    keeper = connect("keeper", clean=False, expiry=60)
    if not connect.lacks("session present"):
        assert not keeper.session_present
    keeper.subscribe("queue", qos)
    keeper.leave()
    sender = connect()
    for number in range(20):
        sender.publish("queue", str(number), qos)
    again = connect("keeper", clean=False, expiry=60)
    if not connect.lacks("session present"):
        assert again.session_present
    again.resume("queue", qos)
    assert again.briefs(20) == [("queue", str(n), qos, False) for n in range(20)]
    again.leave()
    fresh = connect("keeper", clean=True)
    if not connect.lacks("session present"):
        assert not fresh.session_present
    sender.publish("queue", "nobody's", qos)
    fresh.subscribe("fence", connect.top)
    sender.publish("fence", "x", connect.top)
    assert fresh.briefs() == [("fence", "x", connect.top, False)]


@pytest.mark.acknowledged
def test_session_outlives_the_broker(connect, broker, qos):
    """Subscriptions, waiting messages and retained ones after kill -9."""
    keeper = connect("keeper", clean=False, expiry=60)
    keeper.subscribe("queue", qos)
    keeper.leave()
    sender = connect()
    for number in range(5):
        sender.publish("queue", str(number), qos, retain=number == 4)
    broker.kill()
    broker.start()
    again = connect("keeper", clean=False, expiry=60)
    again.resume("queue", qos)
    # As the client resubscribes, the retained message may come once more.
    assert again.briefs(5)[:5] == [("queue", str(n), qos, False) for n in range(5)]
    late = connect()
    late.subscribe("queue", qos)
    assert late.briefs() == [("queue", "4", qos, True)]


def test_takeover(connect):
    first = connect("same", clean=False, expiry=60)
    first.subscribe("t", connect.top)
    second = connect("same", clean=False, expiry=60)
    if not connect.lacks("session present"):
        assert second.session_present
    second.resume("t", connect.top)
    connect().publish("t", "to the second", connect.top)
    assert second.briefs() == [("t", "to the second", connect.top, False)]
    assert first.heard() == []


@pytest.mark.asks("5.0", "reason of disconnection")
def test_takeover_tells_the_first(connect):
    first = connect("same", clean=False, expiry=60)
    connect("same", clean=False, expiry=60)
    assert first.wait("disconnected")[0][0] == 0x8E  # Session taken over


@pytest.mark.asks("5.0")
def test_session_expires(connect, relay):
    """The will that was to wait longer tells that the session is over. [MQTT-3.1.2-8]"""
    watcher = connect("watcher")
    watcher.subscribe("gone", connect.top)
    will = Will("gone", "the session", connect.top, delay=600)
    brief = connect("brief", relay=relay, clean=False, expiry=1, will=will)
    brief.subscribe("queue", connect.top)
    relay.break_off()
    assert watcher.briefs() == [("gone", "the session", connect.top, False)]
    again = connect("brief", clean=False, expiry=1)
    if not connect.lacks("session present"):
        assert not again.session_present
    again.subscribe("fence", connect.top)
    watcher.publish("queue", "nobody's", connect.top)
    watcher.publish("fence", "x", connect.top)
    assert again.briefs() == [("fence", "x", connect.top, False)]


@pytest.mark.acknowledged
@pytest.mark.asks("reconnecting", "many at once", "resuming sends")
def test_sender_comes_back_and_goes_on(connect, relay, qos):
    """Cut while a hundred are under way: each arrives, with QoS 2 exactly once."""
    receiver = connect()
    receiver.subscribe("many", qos)
    sender = connect("sender", relay=relay, clean=False, expiry=60, reconnects=True)
    waits = [sender.send("many", str(number), qos) for number in range(100)]
    receiver.wait("message", 10)
    relay.cut()
    for finished in waits:
        finished()
    sender.publish("many", "last", qos)
    receiver.hear_of(b"last")
    payloads = [message.payload for message in receiver.heard()]
    assert set(payloads) == {b"%d" % n for n in range(100)} | {b"last"}
    if qos == 2 and not connect.lacks("exactly once"):
        assert payloads == [b"%d" % n for n in range(100)] + [b"last"]


@pytest.mark.acknowledged
@pytest.mark.asks("storing")
def test_sender_that_was_killed_goes_on(connect, qos):
    """kill -9 of a client that keeps its session in files: what it was told is over has arrived,
    and with QoS 2 nothing arrives twice or out of order. What it had not begun may be lost in its
    own files: paho for C 1.3.12 never sent the message that it was moving from its queue."""
    receiver = connect()
    receiver.subscribe("many", qos)
    durable = dict(clean=False, expiry=60)
    sender = connect("sender", **durable)
    for number in range(200):
        sender.send("many", str(number), qos)
    receiver.hear(20)
    sender.crash()
    again = connect("sender", **durable)
    again.publish("many", "last", qos)
    receiver.hear_of(b"last")
    payloads = [message.payload for message in receiver.heard()]
    finished = len(sender.events("published"))
    sent = [b"%d" % number for number in range(200)]
    assert set(payloads) <= {*sent, b"last"}
    assert set(sent[:finished]) <= set(payloads)
    if qos == 2:
        arrived = payloads[:-1]
        assert arrived == [message for message in sent if message in arrived]


@pytest.mark.acknowledged
@pytest.mark.asks("reconnecting", "many at once", "keeping state")
def test_receiver_comes_back_and_goes_on(connect, relay, qos):
    sender = connect()
    room = {"receive_maximum": 100} if connect.lacks("counting repeats") else {}
    receiver = connect("receiver", relay=relay, clean=False, expiry=60, reconnects=True, **room)
    receiver.subscribe("many", qos)
    waits = []
    for number in range(200):
        waits.append(sender.send("many", str(number), qos))
        if number == 100:
            receiver.wait("message", 10)
            relay.cut()
    for finished in waits:
        finished()
    sender.publish("many", "last", qos)
    receiver.hear_of(b"last")
    payloads = [message.payload for message in receiver.heard()]
    assert set(payloads) == {b"%d" % n for n in range(200)} | {b"last"}
    if qos == 2 and not connect.lacks("exactly once"):
        assert payloads == [b"%d" % n for n in range(200)] + [b"last"]
