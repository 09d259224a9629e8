# SPDX-License-Identifier: Apache-2.0
#
# What MQTT 5.0 lets a message carry arrives as it was said, and what expires does not.
import pytest

from client import LIMIT, Will

five = pytest.mark.asks("5.0")


@five
def test_properties_arrive_as_they_were_said(connect, qos):
    receiver, sender = connect(), connect()
    receiver.subscribe("a", qos)
    properties = {
        "payload_format_indicator": 1,
        "content_type": "text/plain; charset=utf-8",
        "user_property": [("größe", "ﬁn 𝄞")],
    }
    sender.publish("a", "grüße", qos, **properties)
    assert receiver.hear()[0].properties == properties


@pytest.mark.asks("5.0", "user property order")
def test_user_properties_keep_their_order(connect, qos):
    receiver, sender = connect(), connect()
    receiver.subscribe("a", qos)
    pairs = [("z", "1"), ("a", "2"), ("z", "1"), ("z", "0"), ("", "")]
    sender.publish("a", "x", qos, user_property=pairs)
    assert receiver.hear()[0].properties == {"user_property": pairs}


@five
def test_request_and_response(connect):
    asking, answering = connect("asking"), connect("answering")
    asking.subscribe("answers/asking", connect.top)
    answering.subscribe("questions", connect.top)
    correlation = bytes(range(256))
    asking.publish(
        "questions", "how warm?", connect.top,
        response_topic="answers/asking", correlation_data=correlation)
    asked = answering.hear()[0].properties
    assert asked == {"response_topic": "answers/asking", "correlation_data": correlation}
    answering.publish(asked.pop("response_topic"), "24.7 °C", connect.top, **asked)
    assert asking.hear()[0].properties == {"correlation_data": correlation}


@five
def test_message_expiry_counts_down(connect):
    receiver, sender = connect(), connect()
    receiver.subscribe("a", connect.top)
    # Not above 2^31: paho for C writes another number then, with arithmetic of signed integers.
    sender.publish("a", "x", connect.top, message_expiry_interval=2_000_000_000)
    left = receiver.hear()[0].properties["message_expiry_interval"]
    assert 2_000_000_000 - LIMIT <= left <= 2_000_000_000


@five
def test_message_that_expired_does_not_come(connect, relay):
    keeper = connect("keeper", clean=False, expiry=60)
    keeper.subscribe("queue", connect.top)
    keeper.leave()
    clock = connect("clock")
    clock.subscribe("tick", connect.top)
    sender = connect("sender")
    sender.publish("queue", "brief", connect.top, message_expiry_interval=1)
    sender.publish("queue", "lasting", connect.top, message_expiry_interval=60)
    # The broker's own clock tells when two seconds are over: a will that waits as long.
    tick = Will("tick", "", connect.top, delay=2)
    connect("mortal", relay=relay, clean=False, expiry=60, will=tick)
    relay.break_off()
    clock.wait("message")
    again = connect("keeper", clean=False, expiry=60)
    again.resume("queue", connect.top)
    message = again.hear()[0]
    assert message.payload == b"lasting"
    assert 60 - LIMIT <= message.properties["message_expiry_interval"] <= 58
    sender.publish("queue", "fence", connect.top)
    assert [message.payload for message in again.hear(2)] == [b"lasting", b"fence"]
