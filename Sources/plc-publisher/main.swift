// SPDX-License-Identifier: Apache-2.0
//
// Where the program starts. The commands are in `PublisherCommand`.
import ArgumentParser

PublisherCommand.main()
