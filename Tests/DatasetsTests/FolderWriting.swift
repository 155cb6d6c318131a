import Foundation
import TestSupport

extension TemporaryFolder {
    /// Writes a file, with the folders above it, and gives its path.
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = file(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }
}
