// SPDX-License-Identifier: Apache-2.0
//
// One PUBLISH as the store sees it, judged but not yet written. Topic and payload themselves stay in
// the receive buffer and are passed beside it.

struct Arrival {
    let reading: Result<Reading, PayloadError>
    let receivedAt: Timestamp

    init(payload: Span<UInt8>, receivedAt: Int64) {
        self.receivedAt = Timestamp(nanosecondsSince1970: receivedAt)
        do throws(PayloadError) {
            self.reading = .success(try Reading(parsing: payload))
        } catch {
            self.reading = .failure(error)
        }
    }

    /// Nil if the payload names none.
    var message: MessageID? {
        switch reading {
        case .success(let reading): reading.message
        case .failure: nil
        }
    }
}
