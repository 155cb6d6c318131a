import ConcordFiles
import ConcordLayers

extension Tokenizer {
    /// A fingerprint of what the tokenizer does: 16 hexadecimal digits.
    ///
    /// Two tokenizers have the same fingerprint if they have the same tokens under the same ids, the same special ids,
    /// and treat case, accents, digits, Chinese characters and special tokens in a text alike.
    public var fingerprint: String {
        var fingerprint = Fingerprint()
        let vocabulary = vocabulary
        fingerprint.add(vocabulary.size)
        let special = [vocabulary.padding, vocabulary.unknown, vocabulary.start, vocabulary.end, vocabulary.mask]
        for id in special { fingerprint.add(id.map { Int($0) } ?? -1) }
        for id in 0..<Int32(clamping: vocabulary.size) { fingerprint.add(token(id) ?? "") }
        for id in encode(Self.sample) { fingerprint.add(Int(id)) }
        return fingerprint.description
    }

    /// A text whose ids depend on the settings beside the vocabulary.
    private static var sample: String {
        "The Café naïve ÉCOLE Ünder 2026 don't (a,b) красный МИР 日本語 हिन्दी 🙂 [MASK] <|endoftext|>"
    }
}
