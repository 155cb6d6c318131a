/// The special tokens of a byte-level BPE by what they are for.
public struct BPESpecials: Hashable, Sendable, Codable {
    /// Fills texts up to a batch's length.
    public var padding: String
    /// Put before every text; nil for none.
    public var start: String?
    /// Put after every text; nil for none.
    public var end: String?
    /// For bytes that the vocabulary lacks; nil where it has all 256.
    public var unknown: String?
    /// Takes the place of masked tokens; nil for none.
    public var mask: String?

    /// The tokens' names; RoBERTa's by default.
    public init(
        padding: String = "<pad>", start: String? = "<s>", end: String? = "</s>", unknown: String? = "<unk>",
        mask: String? = "<mask>"
    ) {
        self.padding = padding
        self.start = start
        self.end = end
        self.unknown = unknown
        self.mask = mask
    }

    /// GPT-2's and CLIP's names for the two ends of a text.
    public static let ofText = BPESpecials(start: "<|startoftext|>", end: "<|endoftext|>", unknown: nil)

    /// The tokens in the order that the trainer gives them, each once.
    var names: [String] {
        var names: [String] = []
        for name in [padding, start, end, unknown, mask].compactMap({ $0 }) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// The usual names that a vocabulary has; padding falls to the end token where it has none of its own, as with
    /// GPT-2.
    init?(foundIn ids: (String) -> Int32?) {
        func first(_ names: String...) -> String? { names.first { ids($0) != nil } }
        let end = first("</s>", "<|endoftext|>", "[SEP]")
        guard let padding = first("<pad>", "[PAD]", "<|pad|>") ?? end else { return nil }
        self.init(
            padding: padding, start: first("<s>", "<|startoftext|>", "[CLS]"), end: end,
            unknown: first("<unk>", "[UNK]"),
            mask: first("<mask>", "[MASK]"))
    }
}
