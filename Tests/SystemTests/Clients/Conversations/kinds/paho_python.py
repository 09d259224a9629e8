# SPDX-License-Identifier: Apache-2.0
#
# Eclipse paho-mqtt from PyPI: Python, threads and callbacks.
import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from client import LIMIT, Client, Message

NAMES = {
    "payload_format_indicator": "PayloadFormatIndicator",
    "message_expiry_interval": "MessageExpiryInterval",
    "content_type": "ContentType",
    "response_topic": "ResponseTopic",
    "correlation_data": "CorrelationData",
    "subscription_identifier": "SubscriptionIdentifier",
    "session_expiry_interval": "SessionExpiryInterval",
    "assigned_client_identifier": "AssignedClientIdentifier",
    "server_keep_alive": "ServerKeepAlive",
    "will_delay_interval": "WillDelayInterval",
    "request_response_information": "RequestResponseInformation",
    "response_information": "ResponseInformation",
    "receive_maximum": "ReceiveMaximum",
    "topic_alias_maximum": "TopicAliasMaximum",
    "topic_alias": "TopicAlias",
    "maximum_qos": "MaximumQoS",
    "retain_available": "RetainAvailable",
    "user_property": "UserProperty",
    "maximum_packet_size": "MaximumPacketSize",
    "reason_string": "ReasonString",
}


def packed(kind, properties):
    packed = Properties(kind)
    for name, value in properties.items():
        setattr(packed, NAMES[name], value)
    return packed


def unpacked(properties):
    return {
        name: getattr(properties, theirs)
        for name, theirs in NAMES.items()
        if hasattr(properties, theirs)
    }


class PahoPython(Client):
    lacks = {
        "topic aliases received": "gives them to the program, which would have to resolve them",
        "many at once 5.0": "never looks at the one in CONNACK, and so would break "
        "[MQTT-3.3.4-9] if its own bound were higher",
    }

    def open(self):
        options = {} if self.five else {"clean_session": self.clean}
        self.paho = paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=self.name,
            protocol=mqtt.MQTTv5 if self.five else mqtt.MQTTv311, **options
        )
        self.held = []
        paho.manual_ack_set(self.holds)
        paho.on_connect = lambda c, u, flags, code, properties: self.note(
            "connected", code.value, flags.session_present, unpacked(properties)
        )
        paho.on_disconnect = lambda c, u, flags, code, p: self.note("disconnected", code.value)
        paho.on_subscribe = lambda c, u, mid, codes, p: self.note("subscribed", codes[0].value)
        paho.on_unsubscribe = lambda c, u, mid, codes, p: self.note("unsubscribed")
        paho.on_publish = lambda c, u, mid, code, p: self.note("published", mid, code.value)
        paho.on_message = lambda c, u, message: self.take(message)
        # After a connection that was cut; else longer than any test.
        delay = 0.05 if self.reconnects else 99
        paho.reconnect_delay_set(delay, delay)
        if self.will:
            will = self.will
            properties = None
            if self.five:
                properties = packed(PacketTypes.WILLMESSAGE, dict(
                    will.properties, **({"will_delay_interval": will.delay} if will.delay else {})))
            paho.will_set(will.topic, will.payload, will.qos, will.retain, properties)
        if self.five:
            properties = packed(PacketTypes.CONNECT, self.properties)
            properties.SessionExpiryInterval = self.expiry
            paho.connect(
                "127.0.0.1", self.port, self.keepalive, clean_start=self.clean,
                properties=properties
            )
        else:
            paho.connect("127.0.0.1", self.port, self.keepalive)
        paho.loop_start()

    def take(self, message):
        if self.holds:
            self.held.append((message.mid, message.qos))
        self.note("message", Message(
            message.topic, message.payload, message.qos, message.retain,
            unpacked(getattr(message, "properties", None))))

    def release(self):
        while self.held:
            self.paho.ack(*self.held.pop(0))

    def subscribe(self, topic_filter, qos=0, subscription_identifier=None, **options):
        before = len(self.events("subscribed"))
        if self.five:
            names = {"no_local": "noLocal", "retain_as_published": "retainAsPublished",
                     "retain_handling": "retainHandling"}
            theirs = {names[name]: value for name, value in options.items()}
            properties = Properties(PacketTypes.SUBSCRIBE)
            if subscription_identifier:
                properties.SubscriptionIdentifier = subscription_identifier
            self.paho.subscribe(
                topic_filter, options=SubscribeOptions(qos, **theirs), properties=properties)
        else:
            self.paho.subscribe(topic_filter, qos)
        return self.wait("subscribed", before + 1)[-1][0]

    def unsubscribe(self, topic_filter):
        before = len(self.events("unsubscribed"))
        self.paho.unsubscribe(topic_filter)
        self.wait("unsubscribed", before + 1)

    def send(self, topic, payload, qos=0, retain=False, **properties):
        theirs = packed(PacketTypes.PUBLISH, properties) if self.five else None
        before = len(self.events("published"))
        info = self.paho.publish(topic, payload, qos, retain, theirs)

        def finished():
            with self.changed:
                done = lambda: info.mid in [mid for mid, _ in self.events("published")[before:]]
                assert self.changed.wait_for(done, LIMIT), ("unanswered", topic)
            return dict(self.events("published")[before:])[info.mid]

        return finished

    def leave(self, reason=0):
        code = ReasonCode(PacketTypes.DISCONNECT, identifier=reason) if self.five else None
        self.paho.disconnect(code)
        self.wait("disconnected")
        self.paho.loop_stop()

    def stop(self):
        self.paho.disconnect()  # Ends the thread at once, where loop_stop alone takes a second.
        self.paho.loop_stop()
