# SPDX-License-Identifier: Apache-2.0
#
# The client part of aMQTT from PyPI (once HBMQTT): Python, asyncio, MQTT 3.1.1.
import asyncio

from amqtt.client import MQTTClient

from client import LIMIT, Client, Loop, Message


class Amqtt(Client):
    versions = ("3.1.1",)
    lacks = {
        "session present": "reads it and does not tell",
        "holding": "acknowledges by itself",
        "keeping state 2": "forgets what it answered with PUBREC when the connection goes, and leaves "
        "the PUBREL that comes after it without an answer",
        "resuming sends": "fails what was under way when the connection went",
    }

    def open(self):
        config = {
            "auto_reconnect": self.reconnects, "reconnect_retries": -1,
            "reconnect_max_interval": 1, "keep_alive": self.keepalive + 1, "ping_delay": 1,
        }
        if self.will:
            config["will"] = {
                "topic": self.will.topic, "message": self.will.payload, "qos": self.will.qos,
                "retain": self.will.retain,
            }
        self.loop = Loop()
        self.client = self.loop.call(MQTTClient, self.name or None, config)
        code = self.loop.run(
            self.client.connect(f"mqtt://127.0.0.1:{self.port}/", cleansession=self.clean))
        self.note("connected", code, None, {})
        self.loop.begin(self.listen())

    async def listen(self):
        while True:
            message = await self.client.deliver_message()
            packet = message.publish_packet
            self.note("message", Message(
                packet.topic_name, bytes(packet.payload.data), packet.qos, packet.retain_flag))

    def subscribe(self, topic_filter, qos=0):
        return self.loop.run(self.client.subscribe([(topic_filter, qos)]))[0]

    def unsubscribe(self, topic_filter):
        self.loop.run(self.client.unsubscribe([topic_filter]))

    def send(self, topic, payload, qos=0, retain=False):
        data = payload.encode() if isinstance(payload, str) else payload
        future = self.loop.begin(self.client.publish(topic, data, qos, retain))
        return lambda: future.result(LIMIT) and 0

    def leave(self, reason=0):
        self.loop.run(self.client.disconnect())

    def stop(self):
        try:
            self.loop.run(asyncio.wait_for(self.client.disconnect(), 1))
        except Exception:
            pass  # It complains about a connection that was cut.
        self.loop.close()
