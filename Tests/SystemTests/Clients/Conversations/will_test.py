# SPDX-License-Identifier: Apache-2.0
#
# Last words: when they are published, when not, and what MQTT 5.0 adds.
import time

import pytest

from client import Will


def test_will_of_a_client_that_died(connect, relay, qos):
    watcher = connect()
    watcher.subscribe("will/#", connect.top)
    connect("mortal", relay=relay, will=Will("will/mortal", "gone", qos))
    relay.break_off()
    assert watcher.briefs() == [("will/mortal", "gone", qos, False)]


def test_retained_will(connect, relay):
    watcher = connect()
    watcher.subscribe("will", connect.top)
    connect("mortal", relay=relay, will=Will("will", "gone", connect.top, retain=True))
    relay.break_off()
    assert watcher.briefs() == [("will", "gone", connect.top, False)]
    late = connect()
    late.subscribe("will", connect.top)
    assert late.briefs() == [("will", "gone", connect.top, True)]


def test_no_will_of_a_client_that_said_goodbye(connect):
    watcher = connect()
    watcher.subscribe("#", connect.top)
    polite = connect("polite", will=Will("will", "gone", connect.top))
    polite.leave()
    watcher.publish("after", "x", connect.top)
    assert watcher.briefs() == [("after", "x", connect.top, False)]


@pytest.mark.asks("5.0", "reason of leaving")
def test_will_of_a_client_that_left_with_it(connect):
    watcher = connect()
    watcher.subscribe("will", connect.top)
    leaving = connect("leaving", will=Will("will", "as I said", connect.top))
    leaving.leave(reason=0x04)
    assert watcher.briefs() == [("will", "as I said", connect.top, False)]


@pytest.mark.asks("5.0")
def test_delayed_will(connect, relay):
    watcher = connect()
    watcher.subscribe("will", connect.top)
    connect(
        "mortal", relay=relay, clean=False, expiry=60,
        will=Will("will", "late", connect.top, delay=1))
    since = time.monotonic()
    relay.break_off()
    assert watcher.briefs() == [("will", "late", connect.top, False)]
    assert 1 <= time.monotonic() - since < 3


@pytest.mark.asks("5.0")
def test_delayed_will_is_kept_in_when_the_client_comes_back(connect, relay):
    """The second connection takes the first one's place, and its will is due after the first
    would have been. [MQTT-3.1.2-8]"""
    watcher = connect("watcher")
    watcher.subscribe("will", connect.top)
    durable = dict(clean=False, expiry=60)
    connect("mortal", will=Will("will", "never", connect.top, delay=1), **durable)
    will = Will("will", "said", connect.top, delay=2)
    connect("mortal", relay=relay, will=will, **durable)
    relay.break_off()
    assert watcher.briefs() == [("will", "said", connect.top, False)]


@pytest.mark.asks("5.0", "will properties")
def test_will_has_its_properties(connect, relay):
    watcher = connect()
    watcher.subscribe("will", connect.top)
    properties = {
        "content_type": "text/plain", "response_topic": "answers", "payload_format_indicator": 1,
        "correlation_data": b"\x00\xff", "user_property": [("b", "2"), ("a", "1")],
    }
    connect("mortal", relay=relay, will=Will("will", "gone", connect.top, properties=properties))
    relay.break_off()
    assert watcher.hear()[0].properties == properties


@pytest.mark.asks("short keep alive")
def test_keep_alive_expires(connect, relay):
    """A client that pings into a cable that goes nowhere."""
    watcher = connect()
    watcher.subscribe("will", connect.top)
    connect("mortal", relay=relay, keepalive=1, will=Will("will", "silent", connect.top))
    since = time.monotonic()
    relay.hold()
    assert watcher.briefs() == [("will", "silent", connect.top, False)]
    # One and a half times the Keep Alive after the last word, which may be a ping just before.
    assert 1 < time.monotonic() - since < 4
