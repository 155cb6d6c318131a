import ConcordTokenizers
import Foundation
import TestSupport

/// Tests/Fixtures/tokenizers.json: what Hugging Face's library says.
struct TokenizerFixture: Decodable {
    struct WordPiece: Decodable { var vocabulary: [String], uncased: [[Int32]], cased: [[Int32]], decoded: [String] }
    struct BPE: Decodable { var vocabulary: [String], merges: [String], ids: [[Int32]], cut: [String] }

    var corpus: [String]
    var strings: [String]
    var wordpiece: WordPiece
    var bpe: BPE
    var digests: [String: String]

    static let shared: TokenizerFixture = {
        let path = repository + "/Tests/Fixtures/tokenizers.json"
        return try! JSONDecoder().decode(TokenizerFixture.self, from: Data(contentsOf: URL(filePath: path)))
    }()

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .path
    /// The data beside the repository, where they are there.
    static let data = Fixture.sharedData
    static let hasData = FileManager.default.fileExists(atPath: data + "/wikitext2/valid.txt")

    static func lines(_ file: String) -> [String] {
        let bytes = FileManager.default.contents(atPath: data + "/" + file) ?? Data()
        return bytes.split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// FNV-1a, 64 bits, as the fixture's script computes it.
struct Digest: CustomStringConvertible {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(ids: [Int32]) {
        for id in ids + [-1] { withUnsafeBytes(of: id.littleEndian) { add($0) } }
    }

    var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension TemporaryFolder {
    /// The path of a file of these contents.
    func file(_ name: String, _ contents: String) -> String { file(name, Array(contents.utf8)) }

    func file(_ name: String, _ contents: [UInt8]) -> String {
        do { return try write(contents, to: name) } catch { fatalError("\(error)") }
    }

    /// What loading a file of these contents says is wrong.
    func fault(_ contents: String, _ name: String = "vocab.txt") -> String { fault(Array(contents.utf8), name) }

    func fault(_ contents: [UInt8], _ name: String = "vocab.txt") -> String {
        do {
            _ = try Tokenizers.load(file(name, contents))
            return "nothing"
        } catch {
            return "\(error)".replacing(path + "/", with: "")
        }
    }
}
