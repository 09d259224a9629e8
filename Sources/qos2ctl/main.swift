// SPDX-License-Identifier: Apache-2.0
// The entry point: one file for each command.
import ArgumentParser

ControlCommand.main()
