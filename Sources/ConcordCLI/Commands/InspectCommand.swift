import ArgumentParser
import Concord
import Foundation

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Lists the parameters, shapes, sizes, metadata and fingerprint of a run or a safetensors file.",
        discussion: """
            The fingerprint is equal for equal tensors, whatever the file is called: an index holds the one of the \
            weights that made it.

            --json prints {path, metadata, tensors: [{name, type, shape}], values, bytes, fingerprint}.
            """)

    @Argument(help: "A run directory, an index, or another safetensors file.") var path: String
    @Flag(help: "Print JSON.") var json = false

    private struct Description: Encodable {
        struct Entry: Encodable {
            let name, type: String
            let shape: [Int]
        }

        let path: String
        let metadata: [String: String]
        let tensors: [Entry]
        let values, bytes: Int
        /// Missing where a tensor's elements cannot be read.
        let fingerprint: String?
    }

    func run() throws {
        let file = try RunDirectory.weights(at: path)
        let tensors = try Safetensors(path: file)
        let rows = tensors.names.map { name in
            Description.Entry(
                name: name, type: tensors.storedType(of: name) ?? "", shape: tensors.shape(of: name) ?? [])
        }
        let values = rows.reduce(0) { $0 + $1.shape.reduce(1, *) }, size = try size(of: file)
        let fingerprint = try fingerprint(of: tensors)
        var output = StandardOutput()
        guard !json else {
            try output.json(
                Description(
                    path: file, metadata: tensors.metadata, tensors: rows, values: values, bytes: size,
                    fingerprint: fingerprint))
            return try output.finish()
        }
        try output.line(file)
        for (key, value) in tensors.metadata.sorted(by: { $0.key < $1.key }) { try output.line("  \(key): \(value)") }
        if let fingerprint { try output.line("  fingerprint: \(fingerprint)") }
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows {
            try output.line(
                "  \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(row.type)  \(row.shape)")
        }
        try output.line("\(rows.count) tensors, \(values) values, \(bytes(size))")
        try output.finish()
    }

    /// Nil where a tensor's elements cannot be read.
    private func fingerprint(of tensors: Safetensors) throws -> String? {
        do { return try tensors.fingerprint() } catch {
            if case .unsupportedValues = error { return nil }
            throw error
        }
    }

    private func size(of path: String) throws -> Int {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        return size?.intValue ?? 0
    }
}
