// SPDX-License-Identifier: Apache-2.0
//
// Where the program starts. The commands are in `Commands`.
import ArgumentParser

BenchCommand.main()
