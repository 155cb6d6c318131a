/// Reads tokenizers of any kind.
public enum Tokenizers {
    /// Reads a tokenizer's file, by its contents: JSON is a byte-level BPE (Concord's own form, or Hugging Face's `vocab.json` with
    /// `merges.txt` beside it), everything else the `vocab.txt` of a WordPiece tokenizer.
    /// - Throws: `TokenizerError`, which names file and line.
    public static func load(_ path: String) throws -> any Tokenizer {
        let file = try TokenizerFile(path: path)
        guard !file.bytes.isEmpty else { throw file.malformed("the file is empty") }
        return isJSON(file.bytes) ? try BPETokenizer(file) : try WordPieceTokenizer(file, lowercase: nil)
    }

    /// An object from the first brace to the last: a vocabulary may well have a line `{`.
    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        let isBlank = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        let first = bytes.first { !isBlank($0) }, last = bytes.last { !isBlank($0) }
        guard first == UInt8(ascii: "{") else { return false }
        let second = bytes.drop { isBlank($0) }.dropFirst().first { !isBlank($0) }
        return last == UInt8(ascii: "}") || second == UInt8(ascii: "\"")
    }
}
