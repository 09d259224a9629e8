// SPDX-License-Identifier: Apache-2.0
//
// Which end of a connection sent a packet. Some packets, properties and reason codes belong to one
// end only, and the same codec serves both.

public enum Role: Hashable, Sendable {
    case client
    case server
}
