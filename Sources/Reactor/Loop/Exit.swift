// SPDX-License-Identifier: Apache-2.0
// The exit codes that all programs of this house share; 64, for wrong arguments, is the argument
// parser's own.

package enum Exit {
    package static let failed: Int32 = 1
    /// What was to be proved is not so, or what was looked at is damaged.
    package static let notProved: Int32 = 2
    package static let noInput: Int32 = 66
    package static let unreachable: Int32 = 69
    package static let disk: Int32 = 74
    package static let notAllowed: Int32 = 77
    package static let configuration: Int32 = 78
}
