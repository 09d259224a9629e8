# SPDX-License-Identifier: Apache-2.0
#
# The clients that nobody here wrote, each with what it cannot do.
from .aiomqtt_python import Aiomqtt
from .amqtt_python import Amqtt
from .aws_crt import AwsCrt
from .compiled import Libmosquitto, PahoAsync, PahoSync
from .gmqtt_python import Gmqtt
from .mqttjs import MqttJs
from .paho_python import PahoPython
from .zmqtt_python import Zmqtt

ALL = [
    Libmosquitto, PahoAsync, PahoSync, PahoPython, Aiomqtt, Gmqtt, Zmqtt, Amqtt, AwsCrt, MqttJs,
]
