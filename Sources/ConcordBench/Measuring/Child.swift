import Concord
import Foundation

/// A program that is run to its end.
enum Child {
    /// - Returns: what it wrote to standard output; its standard error is this process's.
    /// - Throws: `BenchError.failed` where it cannot be started or does not end with 0.
    static func output(of program: String, _ arguments: [String]) throws -> String {
        let process = Process(), pipe = Pipe(), command = ([program] + arguments).joined(separator: " ")
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        do { try process.run() } catch {
            throw BenchError.failed(command: command, status: -1, message: error.localizedDescription)
        }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let output = String(decoding: data, as: UTF8.self)
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw BenchError.failed(
                command: command, status: process.terminationStatus, message: String(output.suffix(200)))
        }
        return output
    }

    /// This program again, for a measurement in memory of its own.
    static func ofThisProgram(_ arguments: [String]) throws -> String {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try output(of: path, arguments + ["--threads", String(Threads.count)])
    }
}
