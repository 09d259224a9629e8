# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 as the package amqtt reads and writes it, in the field names of the standard."""

from amqtt.adapters import BufferReader
from amqtt.mqtt import packet_class
from amqtt.mqtt.packet import MQTTFixedHeader


def text(value):
    return value.encode().hex()


def finished(coroutine):
    """The result of a coroutine that never has to wait: it reads from memory."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for more than there is")


def read(wire):
    reader = BufferReader(wire)
    header = finished(MQTTFixedHeader.from_stream(reader))
    packet = finished(packet_class(header).from_stream(reader, fixed_header=header))
    assert finished(reader.read(1)) == b"", "bytes are left over"
    return packet


def write(packet):
    if hasattr(packet.payload, "client_id_is_random") and packet.payload.client_id_is_random:
        packet.payload.client_id = ""
    return bytes(packet.to_bytes())


def connect(packet):
    header, payload = packet.variable_header, packet.payload
    found = {
        "protocolVersion": header.proto_level, "cleanStart": header.clean_session_flag,
        "keepAlive": header.keep_alive,
        # It draws an identifier where there is none.
        "clientIdentifier": "" if payload.client_id_is_random else text(payload.client_id),
    }
    if header.username_flag:
        found["userName"] = text(payload.username)
    if header.password_flag:
        found["password"] = text(payload.password)
    if header.will_flag:
        found.update({
            "will.topic": text(payload.will_topic), "will.payload": payload.will_message.hex(),
            "will.qos": header.will_qos, "will.retain": header.will_retain_flag,
        })
    return found


def fields(packet):
    kind = packet.fixed_header.packet_type
    found = {"packet": kind}
    header, payload = packet.variable_header, packet.payload
    if kind == 1:
        found.update(connect(packet))
    elif kind == 2:
        found.update(sessionPresent=bool(header.session_parent), returnCode=header.return_code)
    elif kind == 3:
        found.update(
            dup=packet.dup_flag, qos=packet.qos, retain=packet.retain_flag,
            topicName=text(header.topic_name), payload=payload.data.hex())
        if packet.qos:
            found["packetIdentifier"] = header.packet_id
    elif header is not None:
        found["packetIdentifier"] = header.packet_id
    if kind == 8:
        found["topicFilters"] = [[text(topic), qos] for topic, qos in payload.topics]
    if kind == 9:
        found["reasonCodes"] = list(payload.return_codes)
    if kind == 10:
        found["topicFilters"] = [text(topic) for topic in payload.topics]
    return found


# Return codes by the reason codes for which our decoder takes them. [MQTT 3.1.1, table 3.1]
RETURN_CODES = {0x00: 0, 0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5}

# Our decoder gives what only MQTT 5.0 has with its default.
ONLY_5 = {
    1: {"receiveMaximum", "topicAliasMaximum", "requestResponseInformation",
        "requestProblemInformation", "will.willDelayInterval"},
    2: {"receiveMaximum", "topicAliasMaximum", "maximumQoS", "retainAvailable",
        "wildcardSubscriptionAvailable", "subscriptionIdentifierAvailable",
        "sharedSubscriptionAvailable", "reasonCode"},
    4: {"reasonCode"}, 5: {"reasonCode"}, 6: {"reasonCode"}, 7: {"reasonCode"},
    11: {"reasonCodes"}, 14: {"reasonCode"},
}


def with_defaults(ours):
    found = {name: value for name, value in ours.items()
             if name not in ONLY_5.get(ours["packet"], ())}
    if ours["packet"] == 2:
        found["returnCode"] = RETURN_CODES[ours["reasonCode"]]
    return found
