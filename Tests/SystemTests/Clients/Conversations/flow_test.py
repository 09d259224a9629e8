# SPDX-License-Identifier: Apache-2.0
#
# Flow control of MQTT 5.0 in both directions: Receive Maximum, Maximum Packet Size, topic aliases.
import pytest


@pytest.mark.asks("5.0", "holding")
@pytest.mark.acknowledged
def test_receive_maximum_of_the_client(connect, qos):
    """What it holds back is all it gets, until it lets go."""
    receiver = connect("receiver", holds=True, receive_maximum=3)
    sender = connect()
    receiver.subscribe("a", qos)
    receiver.subscribe("fence", 0)
    for number in range(10):
        sender.publish("a", str(number), qos)
    receiver.hear(3)  # A client may tell of QoS 2 at PUBREL: the fence would come to it before.
    sender.publish("fence", "", 0)  # QoS 0 needs no place; it passes what waits.
    receiver.hear(4)
    assert [message.topic for message in receiver.heard()] == ["a", "a", "a", "fence"]
    for count in (4, 7, 10):
        receiver.release()
        receiver.hear(count + 1)
    receiver.release()
    payloads = [message.payload for message in receiver.hear(11) if message.topic == "a"]
    assert payloads == [b"%d" % number for number in range(10)]


@pytest.mark.asks("5.0", "many at once")
@pytest.mark.acknowledged
@pytest.mark.settings("max_inflight_messages 5")
def test_receive_maximum_of_the_broker(connect, qos):
    """A client that reads CONNACK waits by itself, and stays."""
    receiver, sender = connect(), connect()
    assert sender.wait("connected")[0][2]["receive_maximum"] == 5
    receiver.subscribe("a", qos)
    for finished in [sender.send("a", str(number), qos) for number in range(100)]:
        finished()
    payloads = [message.payload for message in receiver.hear(100)]
    assert payloads == [b"%d" % number for number in range(100)]
    assert sender.events("disconnected") == []


@pytest.mark.asks("5.0")
@pytest.mark.breaks("many at once 5.0")
@pytest.mark.settings("max_inflight_messages 5")
def test_receive_maximum_of_the_broker_is_kept_up(connect, broker):
    """A client that does not read CONNACK goes too far, and is told. [MQTT-3.3.4-9]"""
    sender = connect("hasty")
    for number in range(20):
        sender.send("a", str(number), 2)
    broker.wait_for("client hasty gone: more messages open than allowed")
    if not connect.lacks("reason of disconnection"):
        assert sender.wait("disconnected")[0][0] == 0x93  # Receive Maximum exceeded


@pytest.mark.asks("5.0")
def test_maximum_packet_size_of_the_client(connect):
    """What would not fit is left out, and the rest comes. [MQTT-3.1.2-24], [MQTT-3.1.2-25]"""
    receiver, sender = connect("receiver", maximum_packet_size=200), connect()
    receiver.subscribe("a", connect.top)
    for size in (10, 1000, 20):
        sender.publish("a", "x" * size, connect.top)
    assert [len(message.payload) for message in receiver.hear(2)] == [10, 20]


@pytest.mark.asks("5.0", "properties of CONNACK")
@pytest.mark.settings("max_packet_size 1000")
def test_maximum_packet_size_of_the_broker_is_told(connect):
    client = connect()
    assert client.wait("connected")[0][2]["maximum_packet_size"] == 1000


@pytest.mark.asks("5.0", "topic aliases received")
def test_topic_aliases_of_the_broker(connect, qos):
    receiver, sender = connect("receiver", topic_alias_maximum=2), connect()
    receiver.subscribe("#", qos)
    topics = ["long/topic/one", "long/topic/two", "long/topic/three"] * 5
    for number, topic in enumerate(topics):
        sender.publish(topic, str(number), qos)
    heard = [(message.topic, message.payload) for message in receiver.hear(len(topics))]
    assert heard == [(topic, b"%d" % number) for number, topic in enumerate(topics)]
    if connect.kind.tells_aliases:
        aliases = [message.properties.get("topic_alias") for message in receiver.heard()]
        assert set(aliases) - {None} == {1, 2}


@pytest.mark.asks("5.0", "topic aliases sent")
def test_topic_aliases_of_the_client(connect, qos):
    receiver, sender = connect("receiver"), connect()
    receiver.subscribe("#", qos)
    for number in range(4):
        topic = "" if number else "long/topic"
        sender.publish(topic, str(number), qos, topic_alias=3)
    heard = receiver.briefs(4)
    assert heard == [("long/topic", str(number), qos, False) for number in range(4)]
