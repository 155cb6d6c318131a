import ConcordFiles
import ConcordLayers
import FoundationEssentials

/// Concord's own form of a byte-level BPE: one JSON object.
///
///     {"type": "bpe", "version": 1, "specials": {"padding": "<pad>", …}, "vocabulary": ["<pad>", …, "Ġthe"], "merges": ["Ġ t", …]}
///
/// `vocabulary` lists the tokens by id and `merges` the pairs by rank, both in GPT-2's printable form of bytes
/// (`ByteAlphabet`).
struct BPEFile: Codable {
    var type = "bpe"
    var version = 1
    var specials: BPESpecials
    var vocabulary: [String]
    var merges: [String]
}

extension BPETokenizer {
    /// Reads the file that `write` makes, or Hugging Face's `vocab.json` with the `merges.txt` beside it.
    public init(contentsOf path: String) throws { try self.init(TokenizerFile(path: path)) }

    /// Reads Hugging Face's two files: token to id as JSON, and a merge a line.
    /// - Parameter specials: nil takes the usual names that the vocabulary has.
    public init(vocabulary path: String, merges mergesPath: String, specials: BPESpecials? = nil) throws {
        try self.init(
            vocabulary: TokenizerFile(path: path), merges: TokenizerFile(path: mergesPath), specials: specials)
    }

    init(_ file: TokenizerFile) throws {
        switch try JSONKind(of: file) {
        case .vocabulary:
            let path = file.beside("merges.txt"), merges: TokenizerFile
            do { merges = try TokenizerFile(path: path) } catch TokenizerError.unreadable(_, let reason) {
                throw file.malformed(
                    "the vocabulary of a BPE, which needs its merges beside it: \(path) cannot be read: \(reason)")
            }
            try self.init(vocabulary: file, merges: merges, specials: nil)
            return
        case .tokenizerJSON("BPE"):
            let (tokens, merges) = try TokenizerJSON.bpe(file)
            try self.init(tokens: tokens, merges: merges, specials: nil, from: file)
            return
        case .tokenizerJSON(let model):
            throw file.malformed("a tokenizer.json whose model is \(model), not a byte-level BPE")
        case .wordPiece: throw file.malformed("a WordPiece tokenizer, not a byte-level BPE")
        case .bpe: break
        }
        let parts = try file.decoded(BPEFile.self)
        guard parts.type == "bpe", parts.version == 1 else {
            throw file.malformed("type \(parts.type), version \(parts.version); this program reads bpe, version 1")
        }
        try self.init(tokens: parts.vocabulary, merges: parts.merges, specials: parts.specials, from: file)
    }

    private init(tokens: [String], merges: [String], specials: BPESpecials?, from file: TokenizerFile) throws {
        self.init(
            try BPEParts(tokens: tokens, merges: merges, specials: specials) { place, problem in
                switch place {
                case .token(let place): file.malformed("vocabulary[\(place)]: \(problem)")
                case .merge(let place): file.malformed("merges[\(place)]: \(problem)")
                case .whole: file.malformed(problem)
                }
            })
    }

    private init(vocabulary file: TokenizerFile, merges mergesFile: TokenizerFile, specials: BPESpecials?) throws {
        let tokens = try file.inOrder(file.decoded([String: Int].self))
        var lines = try mergesFile.lines()
        let header = lines.first?.hasPrefix("#version") ?? false ? 1 : 0
        lines.removeFirst(header)
        self.init(
            try BPEParts(tokens: tokens, merges: lines, specials: specials) { place, problem in
                switch place {
                case .token(let place): file.malformed("id \(place): \(problem)")
                case .merge(let place): mergesFile.malformed(line: place + 1 + header, problem)
                case .whole: file.malformed(problem)
                }
            })
    }

    /// Writes Concord's own form, one JSON object with a token and a merge a line; it appears complete or not at all.
    /// - Throws: `TokenizerError.unwritable`.
    public func write(to path: String) throws {
        func list(_ strings: [String]) -> String {
            strings.map { "\n    " + JSONText.quoted($0) }.joined(separator: ",")
        }
        let roles = [
            ("padding", specials.padding), ("start", specials.start), ("end", specials.end),
            ("unknown", specials.unknown),
            ("mask", specials.mask),
        ]
        let names = roles.compactMap { role, name in name.map { "\(JSONText.quoted(role)): \(JSONText.quoted($0))" } }
            .joined(separator: ", ")
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
}
