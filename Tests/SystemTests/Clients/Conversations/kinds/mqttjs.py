# SPDX-License-Identifier: Apache-2.0
#
# MQTT.js, the client of Node.js, as Debian packages it.
import pathlib

from .spoken import Spoken


class MqttJs(Spoken):
    lacks = {
        "holding": "takes the next packet only when the last one is done with",
        "user property order": "has them as an object, which joins those of one name",
        "topic aliases received 2": "resolves them, and then hands on what was stored before, "
        "with an empty topic",
        "many at once 5.0": "never looks at the one in CONNACK: breaks [MQTT-3.3.4-9]",
    }

    environment = {"NODE_PATH": "/usr/share/nodejs"}  # Where Debian has it, for any node.

    def command(self):
        return ["/usr/bin/node", pathlib.Path(__file__).with_suffix(".js")]
