# SPDX-License-Identifier: Apache-2.0
#
# The dissector finds what is wrong: a small server says broken things to a client on the wire.
import pathlib
import re
import subprocess
import sys

import pytest

import dissect

HERE = pathlib.Path(__file__).parent
CONNECT = {
    "3.1.1": bytes.fromhex("10 0d 0004 4d515454 04 02 003c 0001 61"),
    "5.0": bytes.fromhex("10 0e 0004 4d515454 05 02 003c 00 0001 61"),
}
CONNACK = {"3.1.1": bytes.fromhex("20 02 00 00"), "5.0": bytes.fromhex("20 03 00 00 00")}
SPEECH = """
import socket, sys, threading
server = socket.create_server(("127.0.0.1", 20001))
client = socket.create_connection(("127.0.0.1", 20001))
near, _ = server.accept()
client.sendall(bytes.fromhex(sys.argv[1]))
near.recv(100)
near.sendall(bytes.fromhex(sys.argv[2]))
near.shutdown(socket.SHUT_WR)
while client.recv(100): pass
client.close()
"""


def said(folder, version, words):
    """What is found when a server says this."""
    capture = str(folder / "speech.pcapng")
    speech = [sys.executable, "-c", SPEECH, CONNECT[version].hex(), words.hex()]
    subprocess.run([HERE / "wiretap", capture, *speech], check=True)
    return dissect.examine(capture)


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_what_is_right_is_not_blamed(tmp_path, version):
    puback = bytes.fromhex("40 02 0001")
    kinds, found = said(tmp_path, version, CONNACK[version] + puback)
    assert (kinds, found) == ({"CONNACK": 1, "PUBACK": 1}, [])


@pytest.mark.parametrize(
    "version, words",
    [
        ("3.1.1", "20 01 00"),  # CONNACK without its code
        ("3.1.1", "20 02 00 00  30 03 0009 61"),  # a topic longer than the packet
        ("3.1.1", "20 02 00 00  82 06 0001 0001 61 00"),  # SUBSCRIBE from a server
        ("5.0", "20 03 00 00 09"),  # properties longer than the packet
        ("5.0", "20 05 00 00 02 7f 00"),  # a property that there is not
        ("5.0", "20 03 00 00 00  30 06 0000 03 23 0001"),  # an alias that was never given
        ("5.0", "20 03 00 00 00  30 06 0000 00 787878"),  # no topic and no alias
        ("5.0", "20 03 00 00 00  90 03 0001 05"),  # SUBACK with properties that are not there
    ],
)
def test_what_is_wrong_is_found(tmp_path, version, words):
    kinds, found = said(tmp_path, version, bytes.fromhex(words))
    assert kinds and found


def test_binary_data_may_hold_a_nul_and_text_may_not(tmp_path):
    """The one exception is not wider than it must be."""
    correlation = bytes.fromhex("30 0a 0001 61 06 09 0003 610062")
    assert said(tmp_path, "5.0", CONNACK["5.0"] + correlation)[1] == []
    response_topic = bytes.fromhex("30 0a 0001 61 06 08 0003 610062")
    assert said(tmp_path, "5.0", CONNACK["5.0"] + response_topic)[1]


def test_what_was_lost_is_not_passed_over(tmp_path):
    """A recording from which packets were dropped proves nothing, and an empty one neither."""
    said(tmp_path, "5.0", CONNACK["5.0"])
    capture = tmp_path / "speech.pcapng"
    log = tmp_path / "speech.pcapng.log"
    judge = lambda: subprocess.run([HERE / "dissect.py", capture]).returncode
    assert judge() == 0
    log.write_text(re.sub(r"(\d+)/0 ", r"\1/1 ", log.read_text()))
    assert judge() == 1
