# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0 as the package mqtt5 reads and writes it, in the field names of the standard."""

import mqtt5

KINDS = [
    mqtt5.ConnectPacket, mqtt5.ConnAckPacket, mqtt5.PublishPacket, mqtt5.PubAckPacket,
    mqtt5.PubRecPacket, mqtt5.PubRelPacket, mqtt5.PubCompPacket, mqtt5.SubscribePacket,
    mqtt5.SubAckPacket, mqtt5.UnsubscribePacket, mqtt5.UnsubAckPacket, mqtt5.PingReqPacket,
    mqtt5.PingRespPacket, mqtt5.DisconnectPacket, mqtt5.AuthPacket,
]

# The standard's name of each attribute; what is not here is handled by name below.
NAMES = {
    "client_id": "clientIdentifier", "username": "userName", "password": "password",
    "clean_start": "cleanStart", "keep_alive": "keepAlive",
    "session_expiry_interval": "sessionExpiryInterval",
    "authentication_method": "authenticationMethod",
    "authentication_data": "authenticationData",
    "request_problem_info": "requestProblemInformation",
    "request_response_info": "requestResponseInformation",
    "receive_max": "receiveMaximum", "topic_alias_max": "topicAliasMaximum",
    "max_packet_size": "maximumPacketSize", "user_properties": "userProperties",
    "session_present": "sessionPresent", "reason_code": "reasonCode",
    "assigned_client_id": "assignedClientIdentifier", "server_keep_alive": "serverKeepAlive",
    "response_info": "responseInformation", "server_reference": "serverReference",
    "reason_str": "reasonString", "max_qos": "maximumQoS", "retain_available": "retainAvailable",
    "wildcard_subscription_available": "wildcardSubscriptionAvailable",
    "subscription_id_available": "subscriptionIdentifierAvailable",
    "shared_subscription_available": "sharedSubscriptionAvailable",
    "topic": "topicName", "payload": "payload", "qos": "qos", "retain": "retain",
    "packet_id": "packetIdentifier", "duplicate": "dup",
    "payload_format_indicator": "payloadFormatIndicator",
    "message_expiry_interval": "messageExpiryInterval", "content_type": "contentType",
    "response_topic": "responseTopic", "correlation_data": "correlationData",
    "subscription_ids": "subscriptionIdentifiers", "topic_alias": "topicAlias",
    "reason_codes": "reasonCodes", "will_delay_interval": "willDelayInterval",
}


def canonical(value):
    """As our side writes it: texts and binary data in hex, numbers and flags as they are."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [canonical(part) for part in value]
    return int(value)  # One of its enumerations.


def attributes(thing):
    return {name: getattr(thing, name) for name in dir(thing)
            if not name.startswith("_") and not callable(getattr(thing, name))}


def options(topic_filter):
    return (int(topic_filter.max_qos) | topic_filter.no_local << 2
            | topic_filter.retain_as_published << 3 | int(topic_filter.retain_handling) << 4)


def fields(packet):
    found = {"packet": KINDS.index(type(packet)) + 1}
    if isinstance(packet, mqtt5.ConnectPacket):
        found["protocolVersion"] = 5
    for name, value in attributes(packet).items():
        if value is None or value == [] and name != "topic_filters":
            continue
        if name == "will":
            for part, inner in attributes(value).items():
                if inner is None or inner == []:
                    continue
                label = "topic" if part == "topic" else NAMES[part]
                found["will." + label] = canonical(inner)
        elif name == "topic_filters":
            found["topicFilters"] = [[canonical(f.pattern), options(f)] for f in value]
        elif name == "patterns":
            found["topicFilters"] = canonical(value)
        elif name == "subscription_id":
            found["subscriptionIdentifiers"] = [value]
        else:
            found[NAMES[name]] = canonical(value)
    return found


def with_defaults(ours):
    """What the package gives with its default where the packet leaves it out."""
    found = dict(ours)
    if found["packet"] == 1:
        found.setdefault("sessionExpiryInterval", 0)
        if "will.topic" in found:
            found.setdefault("will.payloadFormatIndicator", 0)
    if found["packet"] == 3:
        found.setdefault("payloadFormatIndicator", 0)
    return found


def read(wire):
    packet, count = mqtt5.read(memoryview(wire))
    assert count == len(wire), f"{count} of {len(wire)} bytes were read"
    return packet


def write(packet):
    return packet.write()
