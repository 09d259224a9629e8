# SPDX-License-Identifier: Apache-2.0
#
# What a test may say to a client, whoever wrote it: the words of the standard, each call over when
# the broker has answered. A kind of client (folder kinds) translates them to its own interface;
# what happens to it is kept in order and can be waited for by name.
import asyncio
import threading
from typing import NamedTuple

LIMIT = 30  # seconds that anything may take before it counts as never: disks of others stall


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool
    properties: dict = {}

    @property
    def brief(self):
        return (self.topic, self.payload.decode(), self.qos, self.retain)


class Will(NamedTuple):
    topic: str
    payload: str
    qos: int = 0
    retain: bool = False
    delay: int = 0
    properties: dict = {}


class Client:
    """A connected client. Properties are named as the standard names them, with underscores;
    user_property is a list of pairs, correlation_data is bytes, the rest are text or numbers."""

    versions = ("3.1.1", "5.0")
    lacks = {}  # What it cannot do, each with the reason; such tests are not asked of it.
    stores = False  # Keeps what it has not finished in a folder, and finds it there when it starts.
    tells_aliases = False  # Shows with a message the topic alias that it came with.

    def __init__(
        self, port, version, name="", clean=True, expiry=0, keepalive=60, will=None,
        reconnects=False, holds=False, folder=None, **properties,
    ):
        self.folder = folder
        self.port, self.version, self.name = port, version, name
        self.clean, self.expiry, self.keepalive, self.will = clean, expiry, keepalive, will
        self.reconnects, self.holds, self.properties = reconnects, holds, properties
        self.five = version == "5.0"
        self.seen = []
        self.changed = threading.Condition()
        self.open()

    # What a kind says in its own words.

    def open(self):
        """Connects; `connected` is noted with the code, Session Present and the properties."""
        raise NotImplementedError

    def subscribe(self, topic_filter, qos=0, **options):
        """Gives back the code granted. Options: no_local, retain_as_published, retain_handling,
        subscription_identifier."""
        raise NotImplementedError

    def unsubscribe(self, topic_filter):
        raise NotImplementedError

    def send(self, topic, payload, qos=0, retain=False, **properties):
        """Publishes and does not wait; gives back what waits, when called."""
        raise NotImplementedError

    def leave(self, reason=0):
        """Says goodbye."""
        raise NotImplementedError

    def stop(self):
        """Ends the client, in whatever state it is."""
        raise NotImplementedError

    def resume(self, topic_filter, qos=0):
        """Takes up a subscription that the broker still has. Only a client that keeps a handler
        for each subscription has something to do."""

    def release(self):
        """Acknowledges all messages that it holds back."""
        raise NotImplementedError

    # What is the same for all.

    def publish(self, topic, payload, qos=0, retain=False, **properties):
        return self.send(topic, payload, qos, retain, **properties)()

    def note(self, kind, *what):
        with self.changed:
            self.seen.append((kind, *what))
            self.changed.notify_all()

    def events(self, kind):
        with self.changed:
            return [event[1:] for event in self.seen if event[0] == kind]

    def wait(self, kind, count=1, limit=LIMIT):
        """The events of this kind, once there are `count`."""
        with self.changed:
            enough = self.changed.wait_for(lambda: len(self.events(kind)) >= count, limit)
            assert enough, (kind, count, [str(event)[:300] for event in self.seen])
            return self.events(kind)

    def hear(self, count=1, limit=LIMIT):
        """All messages, once there are `count`."""
        return [message for message, in self.wait("message", count, limit)]

    def hear_of(self, payload):
        """Waits for the message that says this."""
        said = lambda: any(message.payload == payload for message in self.heard())
        with self.changed:
            assert self.changed.wait_for(said, LIMIT), (payload, len(self.heard()))

    def heard(self):
        return [message for message, in self.events("message")]

    def briefs(self, count=1, limit=LIMIT):
        return [message.brief for message in self.hear(count, limit)]

    @property
    def session_present(self):
        return self.wait("connected")[-1][1]


class Loop:
    """An asyncio loop in a thread of its own: for clients whose words are coroutines."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def begin(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def run(self, coroutine, limit=LIMIT):
        return self.begin(coroutine).result(limit)

    def call(self, function, *arguments, **named):
        async def calling():
            return function(*arguments, **named)

        return self.run(calling())

    def close(self):
        async def cancelling():
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(cancelling())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(LIMIT)
        self.loop.close()
