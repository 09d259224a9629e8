# SPDX-License-Identifier: Apache-2.0
#
# aiomqtt from PyPI: Python, asyncio, around paho-mqtt, so no implementation of its own; what it
# adds is the order in which it calls that.
import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from client import LIMIT, Client, Loop, Message
from .paho_python import PahoPython, packed, unpacked


class Aiomqtt(Client):
    lacks = {
        "topic aliases received": PahoPython.lacks["topic aliases received"],
        "many at once 5.0": PahoPython.lacks["many at once 5.0"],
        "session present": "does not tell",
        "properties of CONNACK": "does not tell",
        "holding": "acknowledges by itself",
        "reconnecting": "leaves it to the program",
        "reason of disconnection": "does not tell",
        "reason of leaving": "gives none",
    }

    def open(self):
        self.loop = Loop()
        self.loop.run(self.opening())

    async def opening(self):
        options = {"clean_session": self.clean}
        if self.five:
            properties = packed(PacketTypes.CONNECT, self.properties)
            properties.SessionExpiryInterval = self.expiry
            options = {"clean_start": self.clean, "properties": properties}
        will = None
        if self.will:
            delay = {"will_delay_interval": self.will.delay} if self.will.delay else {}
            properties = packed(PacketTypes.WILLMESSAGE, {**self.will.properties, **delay})
            will = aiomqtt.Will(*self.will[:4], properties if self.five else None)
        version = aiomqtt.ProtocolVersion.V5 if self.five else aiomqtt.ProtocolVersion.V311
        self.client = aiomqtt.Client(
            "127.0.0.1", self.port, identifier=self.name or None, keepalive=self.keepalive,
            protocol=version, will=will, **options)
        await self.client.__aenter__()
        self.note("connected", 0, None, {})
        self.listening = self.loop.loop.create_task(self.listen())

    async def listen(self):
        async for message in self.client.messages:
            self.note("message", Message(
                str(message.topic), message.payload, message.qos, message.retain,
                unpacked(message.properties)))

    def subscribe(self, topic_filter, qos=0, subscription_identifier=None, **options):
        if not self.five:
            return self.loop.run(self.client.subscribe(topic_filter, qos))[0]
        names = {"no_local": "noLocal", "retain_as_published": "retainAsPublished",
                 "retain_handling": "retainHandling"}
        theirs = SubscribeOptions(qos, **{names[name]: value for name, value in options.items()})
        properties = Properties(PacketTypes.SUBSCRIBE)
        if subscription_identifier:
            properties.SubscriptionIdentifier = subscription_identifier
        codes = self.loop.run(
            self.client.subscribe(topic_filter, options=theirs, properties=properties))
        return codes[0].value

    def unsubscribe(self, topic_filter):
        self.loop.run(self.client.unsubscribe(topic_filter))

    def send(self, topic, payload, qos=0, retain=False, **properties):
        theirs = packed(PacketTypes.PUBLISH, properties) if self.five else None
        future = self.loop.begin(self.client.publish(topic, payload, qos, retain, theirs))
        return lambda: future.result(LIMIT)

    def leave(self, reason=0):
        self.loop.run(self.client.__aexit__(None, None, None))

    def stop(self):
        try:
            self.leave()
        except aiomqtt.MqttError:
            pass  # Its connection was cut, or it has left.
        self.loop.close()
