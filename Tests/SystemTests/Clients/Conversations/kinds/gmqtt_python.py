# SPDX-License-Identifier: Apache-2.0
#
# gmqtt from PyPI: Python, asyncio, an implementation of its own that knows both versions.
import asyncio

import gmqtt

from client import LIMIT, Client, Loop, Message

OURS = {"payload_format_id": "payload_format_indicator", "max_qos": "maximum_qos"}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


def unpacked(properties):
    properties = {OURS.get(name, name): value for name, value in properties.items()}
    several = ("user_property", "subscription_identifier")
    return {
        name: value[0] if isinstance(value, list) and name not in several else value
        for name, value in properties.items()
        if name not in ("dup", "retain")
    }


def packed(properties):
    return {THEIRS.get(name, name): value for name, value in properties.items()}


class Gmqtt(Client):
    tells_aliases = True
    lacks = {
        "exactly once": "hands on each QoS 2 PUBLISH, remembering no identifier: a repeat is a "
        "second message. Breaks [MQTT-4.3.3-10]",
        "will properties": "puts none of the will's properties but the delay into CONNECT",
        "reason codes": "does not look at those of PUBACK and PUBREC",
    }

    def open(self):
        self.loop = Loop()
        self.loop.run(self.opening())

    async def opening(self):
        options = dict(self.properties)
        if self.five:
            options["session_expiry_interval"] = self.expiry
        will = None
        if self.will:
            delay = {"will_delay_interval": self.will.delay} if self.will.delay else {}
            will = gmqtt.Message(
                self.will.topic, self.will.payload, self.will.qos, self.will.retain, **delay)
        self.gmqtt = gmqtt.Client(
            self.name, clean_session=self.clean, will_message=will,
            optimistic_acknowledgement=not self.holds, **options)
        self.gate, self.turn = asyncio.Event(), asyncio.Lock()
        self.gmqtt.set_config({
            "reconnect_retries": -1 if self.reconnects else -2, "reconnect_delay": 0.05})
        self.gmqtt.on_connect = lambda c, present, code, properties: self.note(
            "connected", code, bool(present), unpacked(properties))
        self.gmqtt.on_disconnect = lambda c, packet, *more: self.note(
            "disconnected", packet[0] if isinstance(packet, bytes) and packet else 0)
        self.gmqtt.on_subscribe = lambda c, mid, codes, p: self.note("subscribed", mid, codes[0])
        self.gmqtt.on_unsubscribe = lambda c, mid, codes: self.note("unsubscribed", mid)
        self.gmqtt.on_message = self.holding if self.holds else self.take
        version = gmqtt.constants.MQTTv50 if self.five else gmqtt.constants.MQTTv311
        await self.gmqtt.connect("127.0.0.1", self.port, keepalive=self.keepalive, version=version)

    def take(self, client, topic, payload, qos, properties):
        self.note("message", Message(
            topic, bytes(payload), qos, bool(properties["retain"]), unpacked(properties)))
        return 0

    async def holding(self, *message):
        self.take(*message)
        await self.gate.wait()
        return 0

    def release(self):
        self.loop.call(self.gate.set)

    def subscribe(self, topic_filter, qos=0, retain_handling=0, **options):
        mid = self.loop.call(
            self.gmqtt.subscribe, topic_filter, qos, retain_handling_options=retain_handling,
            **options)
        return self.answer("subscribed", mid)[1]

    def unsubscribe(self, topic_filter):
        self.answer("unsubscribed", self.loop.call(self.gmqtt.unsubscribe, topic_filter))

    def answer(self, kind, mid):
        with self.changed:
            answers = lambda: [event for event in self.events(kind) if event[0] == mid]
            assert self.changed.wait_for(answers, LIMIT), (kind, self.seen)
            return answers()[-1]

    def send(self, topic, payload, qos=0, retain=False, **properties):
        future = self.loop.begin(
            self.sending(topic, payload, qos=qos, retain=retain, **packed(properties)))

        def finished():
            future.result(LIMIT)
            self.loop.run(self.gmqtt._persistent_storage.wait_empty())
            return 0

        return finished

    async def sending(self, *arguments, **named):
        """It leaves waiting for the Receive Maximum to its program."""
        async with self.turn:
            while True:
                try:
                    return self.gmqtt.publish(*arguments, **named)
                except OverflowError:
                    await asyncio.sleep(0.001)

    def leave(self, reason=0):
        self.loop.run(self.gmqtt.disconnect(reason_code=reason))
        self.wait("disconnected")

    def stop(self):
        self.loop.call(self.gmqtt.stop_reconnect)
        self.loop.run(self.gmqtt.disconnect())
        self.loop.close()
