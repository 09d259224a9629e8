// SPDX-License-Identifier: Apache-2.0
// The entry point: what the process does is in BrokerCommand.
import ArgumentParser

BrokerCommand.main()
