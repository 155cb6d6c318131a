import Foundation
import TestSupport

/// The `concord` that this build made, run as a user would.
struct CommandLineTool {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    static let path: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("concord").path
    }()

    /// Starts it and returns at once.
    static func start(
        _ arguments: [String], output: FileHandle, errors: FileHandle, environment: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ["CONCORD_KERNELS": "default"].merging(ProcessInfo.processInfo.environment) { $1 }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return process
    }

    /// Runs it to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try run(arguments, environment: environment)
    }

    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let folder = TemporaryFolder()
        let out = folder.path + "/out", err = folder.path + "/err"
        for file in [out, err] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        let outHandle = try FileHandle(forWritingTo: URL(fileURLWithPath: out)),
            errHandle = try FileHandle(forWritingTo: URL(fileURLWithPath: err))
        let process = try start(arguments, output: outHandle, errors: errHandle, environment: environment)
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .uncaughtSignal
                ? -process.terminationStatus : process.terminationStatus,
            output: try String(contentsOfFile: out, encoding: .utf8),
            errors: try String(contentsOfFile: err, encoding: .utf8))
    }

    /// Runs a command of the shell to its end: for limits, signals and pipes around `concord`.
    static func shell(_ command: String) throws -> Outcome {
        let folder = TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "(\(command)) > '\(folder.path)/out' 2> '\(folder.path)/err'"]
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .uncaughtSignal
                ? -process.terminationStatus : process.terminationStatus,
            output: try String(contentsOfFile: folder.path + "/out", encoding: .utf8),
            errors: try String(contentsOfFile: folder.path + "/err", encoding: .utf8))
    }
}
