import ConcordFiles
import ConcordTensors
import FoundationEssentials

/// Tables of kernels as JSON: of a machine in the user's cache, of a run in its directory.
enum KernelTableFile {
    /// - Returns: nil where there is no such file.
    /// - Throws: `RecipeError` where it is no table.
    static func read(_ path: String) throws -> KernelTable? {
        try TextFile.read(path).map { try table(Array($0.utf8), of: path) }
    }

    /// Puts a table in place of the one that is there, if any.
    static func write(_ table: KernelTable, to path: String) throws {
        try TextFile.write(String(decoding: json(table), as: UTF8.self) + "\n", to: path)
    }

    static func json(_ table: KernelTable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(table))
    }

    /// - Parameter path: for the error.
    static func table(_ json: [UInt8], of path: String) throws -> KernelTable {
        do { return try JSONDecoder().decode(KernelTable.self, from: Data(json)) } catch {
            throw RecipeError.unreadable(path: path, reason: "not a table of kernels: \(reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "no JSON"
        case .dataCorrupted(let context): context.debugDescription
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(context.codingPath.last?.stringValue ?? "it") has a value of another type"
        default: "\(error)"
        }
    }
}
