import ConcordLayers

/// Vocabulary and merges of a byte-level BPE, checked.
struct BPEParts {
    /// Where a fault is: the index of a token or merge from 0.
    enum Place { case token(Int), merge(Int), whole }

    let vocabulary: Vocabulary
    let specials: BPESpecials
    let contents: [[UInt8]]
    /// The id of each byte.
    let byteIDs: [Int32]
    let merges: [(left: Int32, right: Int32, result: Int32)]

    /// - Parameters:
    ///   - tokens: as the file writes them, in the order of their ids.
    ///   - merges: two tokens with a space between them.
    ///   - specials: nil looks for the usual names.
    ///   - fault: makes the error to throw.
    init(
        tokens: [String], merges: [String], specials wanted: BPESpecials?, fault: (Place, String) -> TokenizerError
    ) throws {
        guard tokens.reduce(0, { $0 + $1.utf8.count }) < Trie.limit - 2 else {
            throw fault(.whole, "the tokens have more than \(Trie.limit) bytes; is the file a vocabulary?")
        }
        var ids: [[UInt8]: Int32] = [:]
        for (place, token) in tokens.enumerated() {
            guard !token.isEmpty else { throw fault(.token(place), "an empty token") }
            if let first = ids.updateValue(Int32(place), forKey: Array(token.utf8)) {
                throw fault(.token(place), "the token \(token) has the id \(first) already")
            }
        }
        let id = { (token: String) in ids[Array(token.utf8)] }
        guard let specials = wanted ?? BPESpecials(foundIn: id) else {
            throw fault(.whole, "no <pad> token, and no end of text to pad with instead")
        }
        for name in specials.names where id(name) == nil {
            throw fault(.whole, "the vocabulary lacks its special token \(name)")
        }
        guard let padding = id(specials.padding) else { throw fault(.whole, "no padding token \(specials.padding)") }
        self.specials = specials
        vocabulary = Vocabulary(
            size: tokens.count, padding: padding, unknown: specials.unknown.flatMap(id),
            start: specials.start.flatMap(id),
            end: specials.end.flatMap(id), mask: specials.mask.flatMap(id))
        let special = vocabulary.special
        contents = try tokens.enumerated().map { place, token in
            if special.contains(Int32(place)) { return Array(token.utf8) }
            guard let bytes = ByteAlphabet.read(token) else {
                throw fault(
                    .token(place), "\(token) is not a token of a byte-level BPE; is the vocabulary of another kind?")
            }
            return bytes
        }
        byteIDs = try (0...255).map { (byte: UInt8) in
            let name = ByteAlphabet.write([byte])
            guard let id = id(name) ?? specials.unknown.flatMap(id) else {
                throw fault(.whole, "the vocabulary lacks \(name), byte \(byte)")
            }
            return id
        }
        self.merges = try Self.merges(merges, ids, fault)
    }

    private static func merges(
        _ merges: [String], _ ids: [[UInt8]: Int32], _ fault: (Place, String) -> TokenizerError
    ) throws -> [(left: Int32, right: Int32, result: Int32)] {
        var seen: [Int64: Int] = [:]
        return try merges.enumerated().map { place, merge in
            let parts = merge.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw fault(.merge(place), "“\(merge)” is not two tokens with one space between them")
            }
            func id(_ bytes: [UInt8]) throws -> Int32 {
                guard let id = ids[bytes] else {
                    throw fault(
                        .merge(place),
                        "the vocabulary lacks \(String(decoding: bytes, as: UTF8.self)), which “\(merge)” needs")
                }
                return id
            }
            let left = try id(Array(parts[0])), right = try id(Array(parts[1]))
            if let first = seen.updateValue(place, forKey: Int64(left) << 32 | Int64(right)) {
                throw fault(.merge(place), "“\(merge)” is merge \(first) already, counted from 0")
            }
            return (left, right, try id(Array(parts[0]) + Array(parts[1])))
        }
    }
}
