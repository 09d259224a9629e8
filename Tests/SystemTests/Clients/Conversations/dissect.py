#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Reads what a wiretap recorded with Wireshark's dissector, which nobody here wrote either, and
# finds fault with every packet of a broker that is malformed, or that the dissector warns of.
#
# usage: dissect.py FILE...
import collections
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

# Where listeners of tests are, and no outgoing connection is: what comes from there, a broker said.
BROKERS = "tcp.srcport >= 20000 && tcp.srcport < 32000"
TSHARK = ["tshark", "-d", "tcp.port==20000-31999,mqtt", "-o", "tcp.reassemble_out_of_order:TRUE"]
NOTE = 0x400000  # severities rise: chat, note, warning, error; a note is an alias never given
LAST = "tcp.dstport == 9"  # the knock with which a wiretap ends
SEQUENCE = 0x2000000  # TCP's own group: a window that is full, a connection that was cut
PROPERTIES = {1, 2, 3, 8, 9, 11, *range(17, 20), *range(21, 27), 28, 31, *range(33, 43)}
NAMES = {
    "2": "CONNACK", "3": "PUBLISH", "4": "PUBACK", "5": "PUBREC", "6": "PUBREL", "7": "PUBCOMP",
    "9": "SUBACK", "11": "UNSUBACK", "13": "PINGRESP", "14": "DISCONNECT", "15": "AUTH",
}


def tshark(*arguments):
    return subprocess.run(
        [*TSHARK, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    ).stdout


def examine(capture):
    """How many packets of each kind brokers sent, and what is wrong with them."""
    fields = (
        "frame.number", "tcp.dstport", "mqtt.msgtype", "_ws.malformed", "_ws.expert.severity",
        "_ws.expert.group", "mqtt.property_id")
    lines = tshark(
        "-r", capture, "-Y", f"mqtt && {BROKERS} || {LAST}", "-T", "fields",
        *(word for field in fields for word in ("-e", field))).decode().splitlines()
    kinds, suspects, whole = collections.Counter(), [], False
    for line in lines:
        number, port, types, malformed, severities, groups, properties = line.split("\t")
        whole = port == "9"
        if whole:
            continue
        kinds.update(NAMES.get(kind, kind) for kind in types.split(","))
        experts = zip(severities.split(","), groups.split(",")) if severities else ()
        warned = any(int(s) >= NOTE and int(g) != SEQUENCE for s, g in experts)
        strange = any(kind not in NAMES for kind in types.split(","))
        unknown = properties and not {int(i, 0) for i in properties.split(",")} <= PROPERTIES
        if malformed or warned or strange or unknown:
            suspects.append(number)
    found = list(flaws(capture, suspects)) if suspects else []
    return kinds, found if whole else [*found, "the recording has no end"]


def flaws(capture, numbers):
    """What the dissector says of these frames, less the exceptions."""
    chosen = f"frame.number in {{{', '.join(numbers)}}}"
    frames = xml.fromstring(tshark("-r", capture, "-Y", chosen, "-T", "pdml"))
    for number, frame in zip(numbers, frames):
        for protocol in frame.iter("proto"):
            if protocol.get("name") == "_ws.malformed":
                yield f"frame {number}: malformed"
            if protocol.get("name") == "mqtt":
                for text in complaints(protocol):
                    yield f"frame {number}: {text}"


def complaints(packet):
    property_id = None
    for field in packet.iter("field"):
        name = field.get("name")
        if name == "mqtt.property_id":
            property_id = field.get("show")
        if name in ("mqtt.prop_unknown", "_ws.expert") and not excused(field, property_id):
            yield field.get("showname") or field.get("show")
        if name == "mqtt.msgtype" and field.get("show") not in NAMES:
            yield f"a server sends no packet of type {field.get('show')}"


def excused(field, property_id):
    """The dissector takes Correlation Data (0x09) and Authentication Data (0x16) for text and
    warns of what follows a NUL. They are Binary Data, in which any byte may be: MQTT 5.0, 1.5.6,
    3.3.2.3.6 and 3.15.2.2.3."""
    return property_id in ("0x09", "9", "0x16", "22") and "Trailing stray characters" in (
        field.get("showname") or "")


def main():
    sound = True
    for capture in sys.argv[1:]:
        with open(capture + ".log") as log:
            lost = re.search(r"received/dropped on interface .*: \d+/(\d+) ", log.read())
        kinds, found = examine(capture)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        print(f"on the wire: {told or 'nothing'}; {len(found)} flaws")
        print(*found, sep="\n", end="\n" if found else "")
        # What was not recorded, or not told, was not looked at.
        dropped = lost[1] if lost else "an unknown number"
        if dropped != "0":
            print(f"{dropped} of the frames found no place in the recording: {capture}.log")
        sound = sound and kinds and not found and dropped == "0"
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
