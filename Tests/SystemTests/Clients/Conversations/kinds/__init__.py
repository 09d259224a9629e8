# SPDX-License-Identifier: Apache-2.0
#
# The clients that nobody here wrote, one file for each.
from .amqtt_python import Amqtt
from .aws_crt import AwsCrt
from .gmqtt_python import Gmqtt
from .mqttjs import MqttJs
from .paho_python import PahoPython
from .zmqtt_python import Zmqtt

ALL = [PahoPython, Gmqtt, Zmqtt, Amqtt, AwsCrt, MqttJs]
