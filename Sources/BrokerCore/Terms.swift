// SPDX-License-Identifier: Apache-2.0
// What holds for the clients of one listener. Other bounds are the broker's, in Limits.

package struct Terms: Equatable, Sendable {
    package var allowsAnonymous = true
    package var allowsEmptyClientID = true
    package var assignedClientIDPrefix = "auto-"

    package init() {}
}
