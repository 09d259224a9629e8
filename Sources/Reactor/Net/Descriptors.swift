// SPDX-License-Identifier: Apache-2.0
//
// How many descriptors this process may have: a connection needs one.

import Glibc

/// Raises the soft limit of open descriptors to the hard one. The answer is the limit in force.
@discardableResult
package func raiseDescriptorLimit() throws(SystemError) -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
    guard getrlimit(resource, &limit) == 0 else { throw SystemError(operation: "getrlimit") }
    if limit.rlim_cur < limit.rlim_max {
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(resource, &limit) == 0 else {
            throw SystemError(operation: "setrlimit", subject: "NOFILE \(limit.rlim_max)")
        }
    }
    return Int(clamping: limit.rlim_cur)
}
