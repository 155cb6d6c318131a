// swift-tools-version: 6.1
import PackageDescription

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of the house: target `ConcordNAME` at `Sources/NAME`.
///
/// The prefix keeps target names apart from those of other packages in a user's graph.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: "Concord\(name)", dependencies: dependencies, path: "Sources/\(name)", swiftSettings: swift)
}

/// Tests of a library, with TestSupport and the further targets that they import.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: ["TestSupport", .byName(name: "Concord\(name)")] + dependencies,
        path: "Tests/\(name)Tests", swiftSettings: swift)
}

let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// A product for `.ci/consumer`, which builds it from outside with the trait MPI.
let rankCheck: [Product] =
    Context.environment["CONCORD_RANK_CHECK"] == nil ? [] : [.executable(name: "RankCheck", targets: ["RankCheck"])]

let package = Package(
    name: "concord",
    products: [
        .library(name: "Concord", targets: ["Concord"]),
        .executable(name: "concord", targets: ["ConcordCLI"]),
        .executable(name: "concord-bench", targets: ["ConcordBench"]),
    ] + rankCheck,
    traits: [
        .trait(name: "MPI", description: "Training on several processes and machines (wants libopenmpi-dev or MPICH).")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
        .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
        .systemLibrary(name: "CMPI", pkgConfig: "mpi-c", providers: [.apt(["libopenmpi-dev"])]),
        .target(
            name: "CBridges",
            dependencies: [
                "COneDNN", "CJPEG", "CPNG", "CSoxr", .target(name: "CMPI", condition: .when(traits: ["MPI"])),
            ],
            cSettings: [.define("CONCORD_MPI", .when(traits: ["MPI"]))],
            linkerSettings: [.linkedLibrary("gomp")]),
        .target(name: "CStartup"),  // of the command line alone: it runs before the libraries' constructors
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
        .target(
            name: "Vocab", path: "Vocab",
            exclude: [
                "README.md", "english-wordpiece-8192.txt", "english-bpe-8192.json", "unicode.txt", "lowercase.txt",
                "unaccented.txt", "unicode.py",
            ]),

        // What a target imports is listed, and no more: .ci/imports compares.
        library("Files", []),
        library("Tensors", ["ConcordFiles", "CBridges", "CKernels", "COpenBLAS", "COneDNN"]),
        library("Communication", ["ConcordTensors", "CBridges"]),
        library("Layers", ["ConcordCommunication", "ConcordTensors"]),
        library("Encoders", ["ConcordLayers", "ConcordTensors"]),
        library("Objectives", ["ConcordCommunication", "ConcordLayers", "ConcordTensors"]),
        library("Interchange", ["ConcordFiles", "ConcordLayers", "ConcordTensors"]),
        library("Evaluation", ["ConcordFiles", "ConcordLayers", "ConcordTensors"]),
        library("Tokenizers", ["ConcordFiles", "ConcordLayers", "ConcordTensors", "Vocab", heap]),
        library(
            "Datasets",
            [
                "ConcordFiles", "ConcordLayers", "ConcordTensors", "ConcordTokenizers", "CBridges", "CKernels",
                "CSndfile", "CSoxr", "CWebP", logging,
            ]),
        library(
            "Training",
            [
                "ConcordCommunication", "ConcordDatasets", "ConcordFiles", "ConcordInterchange", "ConcordLayers",
                "ConcordObjectives", "ConcordTensors", "CBridges",
            ]),
        library(
            "Recipes",
            [
                "ConcordCommunication", "ConcordDatasets", "ConcordEncoders", "ConcordEvaluation", "ConcordFiles",
                "ConcordInterchange", "ConcordLayers", "ConcordObjectives", "ConcordTensors", "ConcordTokenizers",
                "ConcordTraining", logging, yams,
            ]),
        .target(
            name: "Concord",
            dependencies: [
                "ConcordCommunication", "ConcordDatasets", "ConcordEncoders", "ConcordEvaluation", "ConcordInterchange",
                "ConcordLayers", "ConcordObjectives", "ConcordRecipes", "ConcordTensors", "ConcordTokenizers",
                "ConcordTraining",
            ],
            swiftSettings: swift),
        .target(name: "ConcordDemo", dependencies: ["Concord", "ConcordFiles"], swiftSettings: swift),
        library("ThreadOptions", ["ConcordTensors", argumentParser]),
        .executableTarget(
            name: "ConcordCLI",
            dependencies: [
                "Concord", "ConcordDemo", "ConcordFiles", "ConcordThreadOptions", "ConcordTokenizers", "CStartup",
                argumentParser,
            ],
            swiftSettings: swift),
        .executableTarget(
            name: "ConcordBench",
            dependencies: ["Concord", "ConcordFiles", "ConcordThreadOptions", "CKernels", argumentParser],
            swiftSettings: swift),

        .target(
            name: "TestSupport",
            dependencies: ["ConcordCommunication", "ConcordInterchange", "ConcordLayers", "ConcordTensors"],
            path: "Tests/TestSupport", swiftSettings: swift),
        tests(of: "Files"),
        tests(of: "Tensors", ["ConcordLayers"]),
        // What several processes compute: the tests start it by mpirun.
        .executableTarget(
            name: "RankCheck",
            dependencies: ["ConcordCommunication", "ConcordLayers", "ConcordObjectives", "ConcordTensors"],
            path: "Tests/RankCheck", swiftSettings: swift),
        tests(of: "Communication", ["ConcordTensors", "RankCheck"]),
        tests(of: "Layers", ["ConcordTensors"]),
        tests(of: "Encoders", ["ConcordInterchange", "ConcordLayers", "ConcordObjectives", "ConcordTensors"]),
        tests(of: "Objectives", ["ConcordEncoders", "ConcordLayers", "ConcordTensors"]),
        tests(of: "Interchange", ["ConcordLayers", "ConcordTensors"]),
        tests(of: "Evaluation", ["ConcordLayers", "ConcordTensors"]),
        tests(of: "Tokenizers", ["ConcordFiles", "ConcordLayers", "ConcordTensors"]),
        tests(of: "Datasets", ["ConcordLayers", "ConcordTensors", "ConcordTokenizers", "CSndfile"]),
        tests(
            of: "Training",
            [
                "ConcordDatasets", "ConcordEncoders", "ConcordInterchange", "ConcordLayers", "ConcordObjectives",
                "ConcordTensors",
            ]),
        tests(
            of: "Recipes",
            [
                "ConcordDatasets", "ConcordEvaluation", "ConcordInterchange", "ConcordLayers", "ConcordObjectives",
                "ConcordTensors", "ConcordTokenizers", "ConcordTraining",
            ]),
        .testTarget(name: "ConcordBenchTests", dependencies: ["Concord", "ConcordBench"], swiftSettings: swift),
        .testTarget(
            name: "ConcordCLITests", dependencies: ["Concord", "ConcordCLI", "TestSupport"], swiftSettings: swift),
    ]
)
