# SPDX-License-Identifier: Apache-2.0
#
# aws-c-mqtt, the C client of the AWS device SDKs, through its Python binding awscrt: a client of
# its own for each version.
from awscrt import io, mqtt, mqtt5

from client import LIMIT, Client, Message

OURS = {
    "payload_format_indicator": "payload_format_indicator",
    "message_expiry_interval_sec": "message_expiry_interval",
    "content_type": "content_type",
    "response_topic": "response_topic",
    "correlation_data_bytes": "correlation_data",
    "subscription_identifiers": "subscription_identifier",
    "user_properties": "user_property",
    "assigned_client_identifier": "assigned_client_identifier",
    "receive_maximum": "receive_maximum",
    "maximum_packet_size": "maximum_packet_size",
    "topic_alias_maximum": "topic_alias_maximum",
    "server_keep_alive_sec": "server_keep_alive",
}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


def unpacked(packet):
    known = {}
    for theirs, ours in OURS.items():
        value = getattr(packet, theirs, None)
        if value in (None, []):
            continue
        if ours == "user_property":
            value = [(pair.name, pair.value) for pair in value]
        known[ours] = int(value) if theirs == "payload_format_indicator" else value
    return known


def packed(topic, payload, qos, retain, properties):
    theirs = {THEIRS[name]: value for name, value in properties.items()}
    if "user_properties" in theirs:
        pairs = theirs["user_properties"]
        theirs["user_properties"] = [mqtt5.UserProperty(*pair) for pair in pairs]
    if "payload_format_indicator" in theirs:
        theirs["payload_format_indicator"] = mqtt5.PayloadFormatIndicator(
            theirs["payload_format_indicator"])
    return mqtt5.PublishPacket(
        topic=topic, payload=payload, qos=mqtt5.QoS(qos), retain=retain, **theirs)


class AwsCrt(Client):
    lacks = {
        "qos 2": "has none",
        "empty names": "its client for 3.1.1 takes none, as its service does not",
        "holding": "acknowledges by itself",
        "topic aliases sent": "gives them by itself, which it does in each of the tests",
        "large bodies": "binding refuses more than 128 KiB, the bound of its service",
    }

    def open(self):
        self.open_five() if self.five else self.open_three()

    def open_five(self):
        will, delay = None, None
        if self.will:
            will = packed(*self.will[:4], self.will.properties)
            delay = self.will.delay or None
        aliases = self.properties.pop("topic_alias_maximum", 0)
        behaviour = mqtt5.ClientSessionBehaviorType
        queueing = mqtt5.ClientOperationQueueBehaviorType
        self.client = mqtt5.Client(mqtt5.ClientOptions(
            host_name="127.0.0.1", port=self.port,
            connect_options=mqtt5.ConnectPacket(
                client_id=self.name, keep_alive_interval_sec=self.keepalive, will=will,
                will_delay_interval_sec=delay, session_expiry_interval_sec=self.expiry,
                **self.properties),
            session_behavior=behaviour.CLEAN if self.clean else behaviour.REJOIN_ALWAYS,
            extended_validation_and_flow_control_options=(
                mqtt5.ExtendedValidationAndFlowControlOptions.NONE),
            offline_queue_behavior=queueing.FAIL_QOS0_PUBLISH_ON_DISCONNECT,
            retry_jitter_mode=mqtt5.ExponentialBackoffJitterMode.NONE,
            min_reconnect_delay_ms=50 if self.reconnects else 99_000,
            max_reconnect_delay_ms=50 if self.reconnects else 99_000,
            topic_aliasing_options=mqtt5.TopicAliasingOptions(
                outbound_behavior=mqtt5.OutboundTopicAliasBehaviorType.LRU,
                outbound_cache_max_size=5,
                inbound_behavior=(
                    mqtt5.InboundTopicAliasBehaviorType.ENABLED if aliases
                    else mqtt5.InboundTopicAliasBehaviorType.DISABLED),
                inbound_cache_max_size=aliases or None),
            on_publish_callback_fn=lambda data: self.take(data.publish_packet),
            on_lifecycle_event_connection_success_fn=lambda data: self.note(
                "connected", int(data.connack_packet.reason_code),
                data.connack_packet.session_present, unpacked(data.connack_packet)),
            on_lifecycle_event_disconnection_fn=lambda data: self.note(
                "disconnected",
                int(data.disconnect_packet.reason_code) if data.disconnect_packet else 0),
            on_lifecycle_event_stopped_fn=lambda data: self.note("stopped"),
            disable_metrics=True,
        ))
        self.client.start()

    def take(self, packet):
        self.note("message", Message(
            packet.topic, bytes(packet.payload or b""), int(packet.qos), packet.retain,
            unpacked(packet)))

    def interrupted(self, connection, error, **more):
        self.note("disconnected", 0)

    def resumed(self, connection, return_code, session_present, **more):
        self.note("connected", int(return_code), session_present, {})

    def take_three(self, topic, payload, dup, qos, retain, **more):
        self.note("message", Message(topic, bytes(payload), int(qos), retain))

    def open_three(self):
        will = None
        if self.will:
            will = mqtt.Will(
                self.will.topic, mqtt.QoS(self.will.qos), self.will.payload.encode(),
                self.will.retain)
        self.client = mqtt.Connection(
            mqtt.Client(), "127.0.0.1", self.port, self.name, clean_session=self.clean,
            keep_alive_secs=self.keepalive, ping_timeout_ms=min(self.keepalive * 500, 5000),
            will=will,
            reconnect_min_timeout_secs=1,
            reconnect_max_timeout_secs=1 if self.reconnects else 99,
            on_connection_interrupted=self.interrupted, on_connection_resumed=self.resumed,
            disable_metrics=True)
        self.client.on_message(self.take_three)
        answer = self.client.connect().result(LIMIT)
        self.note("connected", 0, answer["session_present"], {})

    def subscribe(
        self, topic_filter, qos=0, subscription_identifier=None, retain_handling=0, **options
    ):
        if not self.five:
            future, _ = self.client.subscribe(topic_filter, mqtt.QoS(qos))
            return int(future.result(LIMIT)["qos"])
        future = self.client.subscribe(mqtt5.SubscribePacket(
            subscriptions=[mqtt5.Subscription(
                topic_filter=topic_filter, qos=mqtt5.QoS(qos),
                retain_handling_type=mqtt5.RetainHandlingType(retain_handling), **options)],
            subscription_identifier=subscription_identifier))
        return int(future.result(LIMIT).reason_codes[0])

    def unsubscribe(self, topic_filter):
        if self.five:
            self.client.unsubscribe(mqtt5.UnsubscribePacket([topic_filter])).result(LIMIT)
        else:
            self.client.unsubscribe(topic_filter)[0].result(LIMIT)

    def send(self, topic, payload, qos=0, retain=False, **properties):
        if not self.five:
            future, _ = self.client.publish(topic, payload, mqtt.QoS(qos), retain)
            return lambda: future.result(LIMIT) and 0
        future = self.client.publish(packed(topic, payload, qos, retain, properties))

        def finished():
            puback = future.result(LIMIT).puback
            return int(puback.reason_code or 0) if puback else 0

        return finished

    def leave(self, reason=0):
        if self.five:
            self.client.stop(mqtt5.DisconnectPacket(mqtt5.DisconnectReasonCode(reason)))
            self.wait("stopped")
        else:
            self.client.disconnect().result(LIMIT)
            self.note("stopped")

    def stop(self):
        if self.five:
            self.client.stop()
            self.wait("stopped")
        elif not self.events("stopped"):
            self.client.disconnect().result(LIMIT)
