// SPDX-License-Identifier: Apache-2.0
//
// Where the program starts. The command is in `SimulatorCommand`.
import ArgumentParser

SimulatorCommand.main()
