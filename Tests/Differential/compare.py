#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds our decoder and encoder against those of two packages that others wrote.

Random packets come from our encoders. Each is read by our decoder and by theirs: what they read must
be the same. Then theirs writes the packet anew, and what our decoder reads in that must be the same
once more.

usage: compare.py SPEAKER COUNT [SEED]
"""

import json
import secrets
import subprocess
import sys
from collections import Counter

import amqtt_reading
import mqtt5_reading

NAMES = ["", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE",
         "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]


def is_text(hexadecimal):
    try:
        bytes.fromhex(hexadecimal).decode()
        return True
    except UnicodeDecodeError:
        return False


def known(version, ours):
    """Why a disagreement is the package's fault; None if it is not known to be."""
    if version == 4 and ours["packet"] == 1 and not is_text(ours.get("password", "")):
        # [MQTT 3.1.1, 3.1.3.5] The password is binary data.
        return "amqtt takes a password for text"
    if version == 5 and ours["packet"] == 14 and ours["reasonCode"] == 0x8C:
        # [MQTT 5.0, 2.4] has 0x8C in DISCONNECT, the table in 3.14.2.1 leaves it out.
        return "mqtt5 knows no DISCONNECT with 0x8C"
    return None


def differences(ours, theirs):
    return {name: (ours.get(name), theirs.get(name)) for name in sorted({*ours, *theirs})
            if ours.get(name) != theirs.get(name)}


class Comparison:
    def __init__(self, planted):
        self.agreed = Counter()
        self.excused = Counter()
        self.problems = []
        self.again = []
        self.planted = planted

    def disagree(self, version, wire, ours, problem):
        reason = known(version, ours)
        if reason:
            self.excused[reason] += 1
        else:
            self.problems.append(f"MQTT {version} {NAMES[ours['packet']]} {wire}: {problem}")

    def take(self, line):
        version, sender, wire, ours = line.split(" ", 3)
        version, ours = int(version), json.loads(ours)
        if "error" in ours:
            self.problems.append(f"our own packet is refused: {wire}: {ours['error']}")
            return
        if self.planted and ours.get("keepAlive", 0) & 0x8000:
            ours["keepAlive"] &= 0x7FFF  # As a decoder would that takes it for signed.
        package = mqtt5_reading if version == 5 else amqtt_reading
        try:
            packet = package.read(bytes.fromhex(wire))
            theirs = package.fields(packet)
            written = package.write(packet)
        except BaseException as error:  # mqtt5 panics are no Exception.
            if isinstance(error, KeyboardInterrupt):
                raise
            self.disagree(version, wire, ours, f"{type(error).__name__}: {error}")
            return
        found = differences(package.with_defaults(ours), theirs)
        if found:
            self.disagree(version, wire, ours, f"ours and theirs: {found}")
            return
        self.agreed[version, ours["packet"]] += 1
        self.again.append((version, sender, wire, ours, written.hex()))

    def read_again(self, speaker):
        """What they wrote, read by our decoder."""
        lines = "".join(f"{v} {s} {written}\n" for v, s, _, _, written in self.again)
        answers = subprocess.run([speaker, "decode"], input=lines, capture_output=True, text=True,
                                 check=True).stdout.splitlines()
        assert len(answers) == len(self.again), "an answer is missing"
        for (version, _, wire, ours, written), answer in zip(self.again, answers):
            package = mqtt5_reading if version == 5 else amqtt_reading
            answer = json.loads(answer)
            if "error" in answer:
                self.disagree(version, written, ours, f"ours refuses it: {answer['error']}")
                continue
            found = differences(package.with_defaults(ours), package.with_defaults(answer))
            if found:
                self.disagree(version, written, ours, f"written by ours and by theirs: {found}")


def main():
    speaker, count = sys.argv[1], sys.argv[2]
    planted = "--planted" in sys.argv
    seeds = [word for word in sys.argv[3:] if not word.startswith("--")]
    seed = seeds[0] if seeds else str(secrets.randbits(32))
    lines = subprocess.run([speaker, "generate", seed, count], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    assert len(lines) == int(count), "a packet is missing"
    comparison = Comparison(planted)
    for line in lines:
        comparison.take(line)
    comparison.read_again(speaker)
    for problem in comparison.problems[:20]:
        print(problem[:2000])
    kinds = len(comparison.agreed)
    print(f"seed {seed}: {sum(comparison.agreed.values())} packets of {kinds} kinds agree, "
          f"{len(comparison.problems)} do not, excused: {dict(comparison.excused)}")
    # All fifteen kinds of MQTT 5.0 and the fourteen of 3.1.1.
    enough = kinds == 29 or int(count) < 1000
    sys.exit(0 if enough and not comparison.problems else 1)


if __name__ == "__main__":
    main()
