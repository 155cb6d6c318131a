import ArgumentParser
import ConcordFiles
import Foundation

/// What a command prints, with every failure noticed: a full disk is an error, and a reader that went away ends the
/// command quietly.
struct StandardOutput {
    private var waiting: [UInt8] = []

    /// Adds a line; names that are not UTF-8 are made readable.
    mutating func line(_ text: String) throws {
        waiting += PathEncoding.readable(text).utf8
        waiting.append(UInt8(ascii: "\n"))
        if waiting.count >= 1 << 16 { try finish() }
    }

    /// Adds text without a line's end.
    mutating func text(_ text: String) { waiting += PathEncoding.readable(text).utf8 }

    /// Adds a value as JSON, with sorted keys.
    mutating func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try line(PathEncoding.readable(String(decoding: encoder.encode(value), as: UTF8.self), backslash: "\\\\"))
    }

    /// Writes what waits.
    mutating func finish() throws {
        var done = 0
        defer { waiting = [] }
        while done < waiting.count {
            let count = waiting[done...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                done += count
            } else if errno == EPIPE {
                throw ExitCode.failure  // who reads has had enough
            } else if errno != EINTR {
                throw FileError(path: "standard output", code: errno)
            }
        }
    }
}

/// Lines for people, on standard error.
enum StandardError {
    static func line(_ text: String) { write(text + "\n") }

    static func write(_ text: String) { FileHandle.standardError.write(Data(PathEncoding.readable(text).utf8)) }
}

extension String {
    /// For a field of tab-separated output: tabs, line ends and backslashes as `\t`, `\n`, `\r` and `\\`.
    var escapedField: String {
        guard utf8.contains(where: { $0 == 9 || $0 == 10 || $0 == 13 || $0 == 92 }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
