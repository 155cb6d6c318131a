/// Hugging Face's `tokenizer.json`, as far as it describes BERT's WordPiece or GPT-2's byte-level BPE.
///
/// Everything that changes the ids of a text is either as those two have it or an error that names the key.
struct TokenizerJSON: Decodable {
    struct AddedToken: Decodable { var id: Int, content: String }

    struct Part: Decodable {
        var type: String
        var clean_text: Bool?, handle_chinese_chars: Bool?, strip_accents: Bool?, lowercase: Bool?
        var add_prefix_space: Bool?, use_regex: Bool?
    }

    struct Model: Decodable {
        var vocab: [String: Int]
        var merges: [Merge]?
        var unk_token: String?, continuing_subword_prefix: String?, end_of_word_suffix: String?
        var max_input_chars_per_word: Int?
        var dropout: Double?, byte_fallback: Bool?, ignore_merges: Bool?
    }

    /// Two tokens, as a list or with a space between them.
    struct Merge: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            text = try (try? value.decode(String.self)) ?? value.decode([String].self).joined(separator: " ")
        }
    }

    var added_tokens: [AddedToken]?
    var normalizer: Part?, pre_tokenizer: Part?
    var model: Model

    /// The tokens of a WordPiece model, and what its normalizer says.
    static func wordPiece(_ file: TokenizerFile) throws -> (tokens: [String], stated: Normalizing) {
        let json = try file.decoded(TokenizerJSON.self)
        let normalizer = try require(json.normalizer, "BertNormalizer", "normalizer", file)
        _ = try require(json.pre_tokenizer, "BertPreTokenizer", "pre_tokenizer", file)
        try require(normalizer.clean_text ?? true, "normalizer.clean_text: false", file)
        try require(normalizer.handle_chinese_chars ?? true, "normalizer.handle_chinese_chars: false", file)
        let prefix = json.model.continuing_subword_prefix ?? "##", unknown = json.model.unk_token ?? "[UNK]"
        try require(prefix == "##", "model.continuing_subword_prefix: \(prefix)", file)
        try require(unknown == "[UNK]", "model.unk_token: \(unknown)", file)
        let longest = json.model.max_input_chars_per_word ?? 100
        try require(longest == 100, "model.max_input_chars_per_word: \(longest)", file)
        let lowercase = normalizer.lowercase ?? true
        return (
            try json.tokens(file),
            Normalizing(lowercase: lowercase, stripsAccents: normalizer.strip_accents ?? lowercase)
        )
    }

    /// Tokens and merges of a byte-level BPE.
    static func bpe(_ file: TokenizerFile) throws -> (tokens: [String], merges: [String]) {
        let json = try file.decoded(TokenizerJSON.self)
        try require(json.normalizer == nil, "normalizer: \(json.normalizer?.type ?? "")", file)
        let splitter = try require(json.pre_tokenizer, "ByteLevel", "pre_tokenizer", file)
        try require(splitter.add_prefix_space == false, "pre_tokenizer.add_prefix_space: true", file)
        try require(splitter.use_regex ?? true, "pre_tokenizer.use_regex: false", file)
        try require((json.model.continuing_subword_prefix ?? "").isEmpty, "model.continuing_subword_prefix", file)
        try require((json.model.end_of_word_suffix ?? "").isEmpty, "model.end_of_word_suffix", file)
        try require((json.model.dropout ?? 0) == 0, "model.dropout", file)
        try require(json.model.ignore_merges != true, "model.ignore_merges: true", file)
        return (try json.tokens(file), (json.model.merges ?? []).map(\.text))
    }

    private func tokens(_ file: TokenizerFile) throws -> [String] {
        var ids = model.vocab
        for token in added_tokens ?? [] { ids[token.content] = token.id }
        return try file.inOrder(ids)
    }

    private static func require(_ part: Part?, _ type: String, _ key: String, _ file: TokenizerFile) throws -> Part {
        guard let part, part.type == type else {
            throw file.malformed("\(key) is \(part?.type ?? "null"), and \(type) is the one that is read")
        }
        return part
    }

    private static func require(_ isSupported: Bool, _ setting: String, _ file: TokenizerFile) throws {
        guard isSupported else { throw file.malformed("\(setting) is not supported") }
    }
}
