# SPDX-License-Identifier: Apache-2.0
#
# The options of subscriptions in MQTT 5.0, and shared subscriptions.
import pytest

five = pytest.mark.asks("5.0")


@five
def test_no_local(connect):
    client = connect("speaker")
    client.subscribe("own", connect.top, no_local=True)
    client.subscribe("all", connect.top)
    client.publish("own", "unheard", connect.top)
    client.publish("all", "heard", connect.top)
    assert client.briefs() == [("all", "heard", connect.top, False)]
    connect().publish("own", "another's", connect.top)
    assert client.briefs(2)[1] == ("own", "another's", connect.top, False)


@five
def test_retain_as_published(connect):
    receiver, sender = connect(), connect()
    receiver.subscribe("as/published", connect.top, retain_as_published=True)
    receiver.subscribe("plain", connect.top, retain_as_published=False)
    for topic in ("as/published", "plain"):
        sender.publish(topic, "kept", connect.top, retain=True)
        sender.publish(topic, "said", connect.top)
    assert receiver.briefs(4) == [
        ("as/published", "kept", connect.top, True), ("as/published", "said", connect.top, False),
        ("plain", "kept", connect.top, False), ("plain", "said", connect.top, False),
    ]


@five
@pytest.mark.parametrize(
    "handling, first, second",
    [(0, True, True), (1, True, False), (2, False, False)],
    ids=["send", "send if new", "do not send"],
)
def test_retain_handling(connect, handling, first, second):
    receiver, sender = connect(), connect()
    sender.publish("state", "on", connect.top, retain=True)
    expected = []
    for number, comes in enumerate((first, second)):
        receiver.subscribe("state", connect.top, retain_handling=handling)
        sender.publish("state", f"live {number}", connect.top)
        expected += [("state", "on", connect.top, True)] if comes else []
        expected += [("state", f"live {number}", connect.top, False)]
        assert receiver.briefs(len(expected)) == expected


@pytest.mark.parametrize("members", [1, 3])
def test_shared_subscription(connect, qos, members):
    """Each message goes to one of the members, and to all others who asked for it."""
    group = [connect(f"member{number}") for number in range(members)]
    for member in group:
        member.subscribe("$share/group/work/+", qos)
        member.subscribe("fence", qos)
    alone, other = connect("alone"), connect("other")
    alone.subscribe("work/#", qos)
    other.subscribe("$share/another/work/#", qos)
    sender = connect("sender")
    for number in range(30):
        sender.publish("work/items", str(number), qos)
    sender.publish("fence", "fence", qos)
    items = [("work/items", str(number), qos, False) for number in range(30)]
    assert alone.briefs(30) == items and other.briefs(30) == items
    for member in group:
        member.hear_of(b"fence")
    shares = [[item for item in member.briefs() if item[0] != "fence"] for member in group]
    assert all(shares)  # Nobody goes without.
    assert sorted(sum(shares, []), key=items.index) == items
    for share in shares:
        assert share == sorted(share, key=items.index)


@pytest.mark.asks("5.0", "subscription identifiers")
def test_subscription_identifiers(connect):
    receiver, sender = connect(), connect()
    receiver.subscribe("a/+", connect.top, subscription_identifier=7)
    receiver.subscribe("a/#", connect.top, subscription_identifier=268_435_455)
    receiver.subscribe("b", connect.top)
    sender.publish("a/b", "x", connect.top)
    sender.publish("b", "x", connect.top)
    heard = {"a/b": [], "b": []}
    receiver.wait("message", 2)
    # One copy with both, or a copy for each subscription: both are right.
    for message in receiver.heard():
        heard[message.topic] += message.properties.get("subscription_identifier", [])
        if message.topic == "b":
            break
    assert sorted(heard["a/b"]) == [7, 268_435_455] and heard["b"] == []
