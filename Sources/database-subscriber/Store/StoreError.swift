// SPDX-License-Identifier: Apache-2.0
//
// Why there is no store to work with: the world failed, or the file is not one to write to. Each has
// its exit code, by which systemd and scripts tell them apart.

enum StoreError: Error, Equatable {
    case database(DatabaseError)
    case refused(SchemaRefusal)

    /// 74: disk error. 78: the configuration names the wrong file.
    var exitCode: Int32 {
        switch self {
        case .database: 74
        case .refused: 78
        }
    }
}

extension StoreError: CustomStringConvertible {
    var description: String {
        switch self {
        case .database(let error): error.description
        case .refused(let refusal): refusal.description
        }
    }
}
