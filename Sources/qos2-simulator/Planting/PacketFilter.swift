// SPDX-License-Identifier: Apache-2.0
// A seam of the network: a planted bug changes what the broker writes before anybody sees it.

protocol PacketFilter: AnyObject {
    /// What is written instead of `bytes`.
    func rewrite(_ bytes: [UInt8], on link: Link, from end: End) -> [UInt8]
}
