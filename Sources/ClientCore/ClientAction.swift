// SPDX-License-Identifier: Apache-2.0
//
// What a ClientEngine asks of its program. The sends are not among it: they wait in the engine's
// output until the loop writes.
import MQTT

package enum ClientAction: Equatable {
    /// Connect to the server, and say `opened` or `notReached`.
    case dial
    /// Close the connection after what it holds has left, or at once; and say `closed`.
    case close(flushing: Bool)
    /// The message is in the outbox for good.
    case taken(MessageNumber)
    /// A line of a handshake, of something that has really happened.
    case step(HandshakeStep)
    case tell(ClientNote)
    /// Everything was said; the program may end.
    case stopped
}
