// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// The walls of the house. A target lists here every module that it may import; `Tests/run` builds
// with `--explicit-target-dependency-import-check error`, so that the list is the truth.
// Sources/README.md, section 3, gives the reasons.
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Pure modules say `unsafe` wherever they step outside of what the compiler proves.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

/// The message store lends bodies as spans of its own, which still takes an experimental flag.
let lending: [SwiftSetting] = pure + [.enableExperimentalFeature("Lifetimes")]

/// The loop and those that it calls are classes: a callback has to find them again. Each use of a
/// property asks then, at run time, whether another is under way, which was 10,000 of the 27,000
/// instructions of a message that comes alone. Debug builds ask, and with them unit tests and fuzzers.
let looping: [SwiftSetting] =
    strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let arguments: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "qos2",
    products: [
        .executable(name: "qos2-broker", targets: ["qos2-broker"]),
        .executable(name: "plc-publisher", targets: ["plc-publisher"]),
        .executable(name: "database-subscriber", targets: ["database-subscriber"]),
        .executable(name: "qos2-bench", targets: ["qos2-bench"]),
        .executable(name: "qos2ctl", targets: ["qos2ctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .systemLibrary(name: "CEpoll", path: "CShims/CEpoll"),
        .systemLibrary(name: "CChecksum", path: "CShims/CChecksum"),
        .systemLibrary(
            name: "CSystemd", path: "CShims/CSystemd", pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "CShims/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CFuse", path: "CShims/CFuse"),

        .target(name: "MQTT", swiftSettings: pure),
        .target(name: "Journal", exclude: ["README.md"], swiftSettings: pure),
        .target(
            name: "BrokerCore", dependencies: ["MQTT", "Journal"],
            exclude: ["README.md"],
            swiftSettings: lending),
        .target(
            name: "ClientCore", dependencies: ["MQTT", "Journal"], exclude: ["README.md"],
            swiftSettings: pure),
        .target(
            name: "Reactor", dependencies: ["Journal", "CEpoll", "CChecksum", "CSystemd"],
            swiftSettings: looping),

        .executableTarget(
            name: "qos2-broker",
            dependencies: ["BrokerCore", "MQTT", "Journal", "Reactor", arguments],
            swiftSettings: looping),
        .executableTarget(
            name: "plc-publisher",
            dependencies: ["ClientCore", "MQTT", "Journal", "Reactor", arguments],
            swiftSettings: looping),
        .executableTarget(
            name: "database-subscriber",
            dependencies: ["ClientCore", "MQTT", "Journal", "Reactor", "CSQLite", arguments],
            swiftSettings: looping),
        .executableTarget(
            name: "qos2ctl",
            dependencies: ["BrokerCore", "ClientCore", "Journal", "Reactor", arguments],
            swiftSettings: strict),
        .executableTarget(
            name: "qos2-bench",
            dependencies: ["ClientCore", "MQTT", "Reactor", "CSQLite", arguments],
            exclude: ["README.md"],
            swiftSettings: looping),

        .executableTarget(
            name: "qos2-simulator",
            dependencies: ["BrokerCore", "ClientCore", "MQTT", "Journal", arguments],
            exclude: ["README.md"], swiftSettings: pure),

        .testTarget(name: "MQTTTests", dependencies: ["MQTT"], swiftSettings: strict),
        .testTarget(name: "JournalTests", dependencies: ["Journal"], swiftSettings: strict),
        .testTarget(
            name: "Scenes", dependencies: ["BrokerCore", "MQTT", "Journal"],
            swiftSettings: strict),
        .testTarget(
            name: "BrokerCoreTests", dependencies: ["BrokerCore", "MQTT", "Journal", "Scenes"],
            swiftSettings: strict),
        .testTarget(
            name: "ConformanceTests", dependencies: ["BrokerCore", "MQTT", "Scenes"],
            exclude: ["Statements.txt"], swiftSettings: strict),
        .testTarget(
            name: "ClientCoreTests", dependencies: ["ClientCore", "MQTT", "Journal"],
            swiftSettings: strict),
        .testTarget(
            name: "ReactorTests", dependencies: ["Reactor", "Journal", "CEpoll"],
            swiftSettings: strict),
        .testTarget(
            name: "BrokerTests",
            dependencies: ["qos2-broker", "BrokerCore", "MQTT", "Reactor"],
            swiftSettings: strict),
        .testTarget(
            name: "PublisherTests",
            dependencies: ["plc-publisher", "ClientCore", "MQTT", "Reactor"],
            swiftSettings: strict),
        .testTarget(
            name: "SubscriberTests",
            dependencies: [
                "database-subscriber", "ClientCore", "MQTT", "Reactor", "CSQLite", arguments,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BenchTests",
            dependencies: ["qos2-bench", "ClientCore", "MQTT", "Reactor", "CSQLite", arguments],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["qos2-simulator"], exclude: ["Seeds.txt"],
            swiftSettings: strict),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["BrokerCore", "ClientCore", "MQTT", "Journal", "Reactor"],
            path: "Tests/Fuzz", exclude: ["Entry", "build", "run"], swiftSettings: strict),
        .executableTarget(
            name: "HotPaths", dependencies: ["BrokerCore", "Journal", "MQTT", "Reactor"],
            path: "Tests/HotPaths", swiftSettings: strict),
        .testTarget(name: "BudgetTests", exclude: ["Budgets.txt"], swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
        .executableTarget(
            name: "LosingFileSystem", dependencies: ["CFuse"], path: "Tests/LosingFileSystem",
            swiftSettings: strict),
        .testTarget(
            name: "SystemTests", dependencies: ["Journal"],
            exclude: [
                "Clients/Conversations", "Clients/README.md", "Pipeline/compare.sql",
                "Pipeline/dataset", "Startup/Configurations", "Systemd/boot",
                "requirements.txt",
            ], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
