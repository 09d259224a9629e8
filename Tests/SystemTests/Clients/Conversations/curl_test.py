# SPDX-License-Identifier: Apache-2.0
#
# curl speaks a little MQTT 3.1.1 of its own: it publishes at QoS 0, or subscribes and prints.
import subprocess

import kinds


def test_publishing(broker):
    watcher = kinds.PahoPython(broker.port, "3.1.1")
    watcher.wait("connected")
    watcher.subscribe("from/curl", 2)
    subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "10", "--data", "24.7 °C",
         f"mqtt://127.0.0.1:{broker.port}/from/curl"], check=True)
    assert watcher.briefs() == [("from/curl", "24.7 °C", 0, False)]
    watcher.stop()


def test_subscribing(broker):
    sender = kinds.PahoPython(broker.port, "3.1.1")
    sender.wait("connected")
    sender.publish("to/curl", "kept", 2, retain=True)
    url = f"mqtt://127.0.0.1:{broker.port}/to/curl"
    curl = subprocess.Popen(["curl", "--silent", "--no-buffer", url], stdout=subprocess.PIPE)
    # It prints two bytes of topic length, the topic and the payload, and no end of a message.
    expected = b"\x00\x07to/curlkept"
    assert curl.stdout.read(len(expected)) == expected
    sender.publish("to/curl", "live", 1)
    assert curl.stdout.read(len(expected)) == b"\x00\x07to/curllive"
    curl.terminate()
    curl.wait(10)
    curl.stdout.close()
    sender.stop()
