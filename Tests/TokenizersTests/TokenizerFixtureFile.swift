import Foundation

/// Reading and writing of files in tests.
enum TokenizerFixtureFile {
    static func bytes(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

    /// The list of strings under a key.
    static func strings(_ path: String, _ key: String) throws -> [String] {
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any]
        return object?[key] as? [String] ?? []
    }

    /// Hugging Face's vocab.json.
    static func json(_ vocabulary: [String]) -> String {
        let ids = Dictionary(uniqueKeysWithValues: zip(vocabulary, 0...))
        let data = try? JSONSerialization.data(withJSONObject: ids)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
