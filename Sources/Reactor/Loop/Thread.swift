// SPDX-License-Identifier: Apache-2.0
// Starting one of the few threads beside the loop: they do what blocks, and end by themselves.
import Glibc

/// Runs `body` on a thread of its own that nobody waits for.
func startThread(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Body(body))
    let result = pthread_create(
        &thread, nil,
        { context in
            Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        }, context.toOpaque())
    guard result == 0 else {
        context.release()
        throw SystemError(operation: "pthread_create", errno: result)
    }
    pthread_detach(thread)
}
