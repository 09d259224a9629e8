# SPDX-License-Identifier: Apache-2.0
#
# zmqtt from PyPI: Python, asyncio, an implementation of its own that knows both versions.
import asyncio
import dataclasses

import zmqtt

from client import Client, Loop, Message, LIMIT


def packed(kind, properties):
    if "user_property" in properties:
        properties = dict(properties)
        properties["user_properties"] = tuple(properties.pop("user_property"))
    return kind(**properties) if properties else None


def unpacked(properties):
    if properties is None:
        return {}
    known = {
        field.name: getattr(properties, field.name) for field in dataclasses.fields(properties)}
    known = {name: value for name, value in known.items() if value not in (None, ())}
    if "user_properties" in known:
        known["user_property"] = list(known.pop("user_properties"))
    if "subscription_identifier" in known:
        known["subscription_identifier"] = [known["subscription_identifier"]]
    return known


class Zmqtt(Client):
    lacks = {
        "many at once 5.0": "never looks at the Receive Maximum in CONNACK: breaks [MQTT-3.3.4-9]",
        "keeping state 2": "begins each connection with an empty session: messages between PUBREC "
        "and PUBREL are lost. Breaks [MQTT-4.1.0-1]",
        "resuming sends": "fails what was under way when the connection went",
        "topic aliases received": "allows none",
        "topic aliases sent": "takes no empty topic",
        "subscription identifiers": "keeps the last where there are several",
        "reason of disconnection": "does not tell",
        "reason of leaving": "gives none",
    }

    def open(self):
        self.loop = Loop()
        self.held, self.subscriptions = [], {}
        self.arrived = self.loop.call(asyncio.Queue)
        self.listening = self.loop.begin(self.listen())
        will = None
        if self.will:
            delay = {"will_delay_interval": self.will.delay} if self.will.delay else {}
            properties = packed(zmqtt.WillProperties, dict(self.will.properties, **delay))
            will = zmqtt.Will(
                topic=self.will.topic, payload=self.will.payload.encode(),
                qos=zmqtt.QoS(self.will.qos), retain=self.will.retain,
                properties=properties if self.five else None)
        options = dict(self.properties)
        if self.five:
            options["session_expiry_interval"] = self.expiry
        reconnect = zmqtt.ReconnectConfig(
            enabled=self.reconnects, initial_delay=0.05, backoff_factor=1, max_attempts=None)
        self.zmqtt = self.loop.call(
            zmqtt.create_client, "127.0.0.1", self.port, client_id=self.name,
            keepalive=self.keepalive, clean_session=self.clean, will=will, version=self.version,
            reconnect=reconnect, **options)
        self.loop.run(self.zmqtt.connect())
        info = self.zmqtt.connection_info
        self.note("connected", info.return_code, info.session_present, unpacked(info.properties))

    def subscribe(self, topic_filter, qos=0, **options):
        if "retain_handling" in options:
            options["retain_handling"] = zmqtt.RetainHandling(options["retain_handling"])
        return self.loop.run(self.subscribing(topic_filter, qos, options))

    async def subscribing(self, topic_filter, qos, options):
        subscription = self.zmqtt.subscribe(
            topic_filter, qos=zmqtt.QoS(qos), auto_ack=not self.holds, **options)
        # A queue of its own for each subscription would forget the order in which the messages of
        # several came, and has no public way around.
        subscription._queue = self.arrived
        await subscription.start()
        self.subscriptions[topic_filter] = subscription

    async def listen(self):
        while True:
            message = await self.arrived.get()
            self.held.append(message)
            self.note("message", Message(
                message.topic, message.payload, int(message.qos), message.retain,
                unpacked(message.properties)))

    def resume(self, topic_filter, qos=0):
        self.subscribe(topic_filter, qos)

    def release(self):
        while self.held:
            self.loop.run(self.held.pop(0).ack())

    def unsubscribe(self, topic_filter):
        self.loop.run(self.subscriptions.pop(topic_filter).stop())

    def send(self, topic, payload, qos=0, retain=False, **properties):
        theirs = {}
        if self.five:
            theirs["properties"] = packed(zmqtt.PublishProperties, properties)
        future = self.loop.begin(self.zmqtt.publish(
            topic, payload, qos=zmqtt.QoS(qos), retain=retain, **theirs))
        return lambda: future.result(LIMIT)

    def leave(self, reason=0):
        async def leaving():
            for subscription in self.subscriptions.values():
                await subscription.detach()
            await self.zmqtt.disconnect()

        self.loop.run(leaving())

    def stop(self):
        self.loop.close()
