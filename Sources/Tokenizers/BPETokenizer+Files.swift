import ConcordLayers
import FoundationEssentials

/// Concord's own form of a byte-level BPE: one JSON object.
///
///     {"type": "bpe", "version": 1, "specials": {"padding": "<pad>", …}, "vocabulary": ["<pad>", …, "Ġthe"], "merges": ["Ġ t", …]}
///
/// `vocabulary` lists the tokens by id and `merges` the pairs by rank, both in GPT-2's printable form of bytes (`ByteAlphabet`).
struct BPEFile: Codable {
    var type = "bpe"
    var version = 1
    var specials: BPESpecials
    var vocabulary: [String]
    var merges: [String]
}

/// Tells the kinds of JSON apart; in Hugging Face's vocab.json the same keys are tokens with ids.
private struct Head: Decodable {
    let isOwn: Bool
    let isTokenizerJSON: Bool

    private enum Key: CodingKey { case type, model }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: Key.self)
        isOwn = (try? keys.decode(String.self, forKey: .type)) != nil
        isTokenizerJSON = (try? keys.nestedContainer(keyedBy: Key.self, forKey: .model)) != nil
    }
}

extension BPETokenizer {
    /// Reads the file that `write` makes, or Hugging Face's `vocab.json` with the `merges.txt` beside it.
    public init(contentsOf path: String) throws { try self.init(TokenizerFile(path: path)) }

    /// Reads Hugging Face's two files: token to id as JSON, and a merge a line.
    /// - Parameter specials: nil takes the usual names that the vocabulary has.
    public init(vocabulary path: String, merges mergesPath: String, specials: BPESpecials? = nil) throws {
        try self.init(vocabulary: TokenizerFile(path: path), merges: TokenizerFile(path: mergesPath), specials: specials)
    }

    init(_ file: TokenizerFile) throws {
        let head = try Self.decode(Head.self, from: file)
        if head.isTokenizerJSON {
            throw file.malformed("a tokenizer.json of Hugging Face, which is not read; give its vocab.json with merges.txt, or vocab.txt")
        }
        guard head.isOwn else {
            try self.init(vocabulary: file, merges: TokenizerFile(path: Self.beside(file.path, "merges.txt")), specials: nil)
            return
        }
        let parts = try Self.decode(BPEFile.self, from: file)
        guard parts.type == "bpe", parts.version == 1 else {
            throw file.malformed("type \(parts.type), version \(parts.version); this program reads bpe, version 1")
        }
        self.init(
            try BPEParts(tokens: parts.vocabulary, merges: parts.merges, specials: parts.specials) { place, problem in
                switch place {
                case .token(let place): file.malformed("vocabulary[\(place)]: \(problem)")
                case .merge(let place): file.malformed("merges[\(place)]: \(problem)")
                case .whole: file.malformed(problem)
                }
            })
    }

    private init(vocabulary file: TokenizerFile, merges mergesFile: TokenizerFile, specials: BPESpecials?) throws {
        let ids = try Self.decode([String: Int].self, from: file)
        guard !ids.isEmpty else { throw file.malformed("the vocabulary is empty") }
        let sorted = ids.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (place, entry) in sorted.enumerated() where entry.value != place {
            throw file.malformed(
                "\(entry.key) has the id \(entry.value), where \(place) is next; ids must be 0 to \(ids.count - 1), each once")
        }
        var lines = try mergesFile.lines()
        let header = lines.first?.hasPrefix("#version") ?? false ? 1 : 0
        lines.removeFirst(header)
        self.init(
            try BPEParts(tokens: sorted.map(\.key), merges: lines, specials: specials) { place, problem in
                switch place {
                case .token(let place): file.malformed("id \(place): \(problem)")
                case .merge(let place): mergesFile.malformed(line: place + 1 + header, problem)
                case .whole: file.malformed(problem)
                }
            })
    }

    /// Writes Concord's own form, a token and a merge a line.
    public func write(to path: String) throws {
        func list(_ strings: [String]) -> String { strings.map { "\n    " + Self.quoted($0) }.joined(separator: ",") }
        let roles = [
            ("padding", specials.padding), ("start", specials.start), ("end", specials.end), ("unknown", specials.unknown),
            ("mask", specials.mask),
        ]
        let names = roles.compactMap { role, name in name.map { "\(Self.quoted(role)): \(Self.quoted($0))" } }.joined(separator: ", ")
        let vocabulary = (0..<Int32(vocabulary.size)).compactMap(token)
        let merges = merges.map { tokens([$0.left, $0.right]).joined(separator: " ") }
        try TokenizerFile.write(
            """
            {
              "type": "bpe",
              "version": 1,
              "specials": {\(names)},
              "vocabulary": [\(list(vocabulary))
              ],
              "merges": [\(list(merges))
              ]
            }

            """, to: path)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case ..<" ": result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func decode<T: Decodable>(_ type: T.Type, from file: TokenizerFile) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(file.bytes))
        } catch let DecodingError.dataCorrupted(context) {
            throw file.malformed("not JSON: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)")
        } catch let DecodingError.keyNotFound(key, _) {
            throw file.malformed("the key \(key.stringValue) is missing")
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw file.malformed("\(key.isEmpty ? "the file" : key): \(context.debugDescription)")
        }
    }

    private static func beside(_ path: String, _ name: String) -> String {
        path.lastIndex(of: "/").map { path[...$0] + name } ?? name
    }
}
