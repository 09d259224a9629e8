# SPDX-License-Identifier: Apache-2.0
#
# Clients in C: the programs beside this file, compiled when a test needs one.
import os
import pathlib
import subprocess
import tempfile

from .spoken import Spoken

HERE = pathlib.Path(__file__).parent
BUILT = pathlib.Path(tempfile.gettempdir()) / f"qos2-clients-{os.getuid()}"


class Compiled(Spoken):
    source = ""
    library = ""

    def command(self):
        program = BUILT / self.source
        newest = max(file.stat().st_mtime for file in HERE.glob("*.[ch]"))
        if not program.exists() or program.stat().st_mtime < newest:
            # Another process may be at it too: the last one to finish is as good as the first.
            BUILT.mkdir(exist_ok=True)
            mine = f"{program}.{os.getpid()}"
            subprocess.run(
                ["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror",
                 "-Wno-unused-parameter", "-Wno-unused-function", "-o", mine,
                 HERE / f"{self.source}.c", f"-l{self.library}", "-lpthread"],
                check=True)
            os.replace(mine, program)
        return [program]


class PahoAsync(Compiled):
    source, library = "paho_async", "paho-mqtt3a"
    stores = True
    lacks = {
        "resuming sends": "1.3.12 frees the body that it was writing when the connection went, and "
        "sends what it finds there under the same packet identifier",
        "holding": "acknowledges by itself",
        "topic aliases received": "gives them to the program, which would have to resolve them",
    }


class PahoSync(Compiled):
    source, library = "paho_sync", "paho-mqtt3c"
    stores = True
    lacks = {
        "holding": "acknowledges by itself",
        "reconnecting": "leaves it to the program",
        "session present 5.0": "does not tell, where it does for 3.1.1",
        "topic aliases received": "gives them to the program, which would have to resolve them",
    }


class Libmosquitto(Compiled):
    source, library = "libmosquitto", "mosquitto"
    lacks = {
        "short keep alive": "takes none below 5 s",
        "subscription identifiers": "takes several in one PUBLISH for a repeated property and "
        "leaves: MQTT 5.0, 3.3.2.3.8 has one for each subscription that matched",
        "holding": "acknowledges by itself",
        "counting repeats 5.0": "counts a message that it holds anew when it comes again on the "
        "next connection, and ends as if more than its Receive Maximum had come: MQTT 5.0, 4.9 "
        "counts on each connection from the start",
        "topic aliases received": "gives them to the program, which would have to resolve them",
    }
