import ConcordFiles
import FoundationEssentials

/// The kinds of JSON that hold a tokenizer.
enum JSONKind: Equatable {
    /// Concord's own forms.
    case wordPiece, bpe
    /// Hugging Face's `tokenizer.json`, with the type of its model.
    case tokenizerJSON(String)
    /// Hugging Face's `vocab.json`: tokens with ids, whatever their names.
    case vocabulary

    private struct Head: Decodable {
        struct Model: Decodable { var type: String? }

        let type: String?
        let model: Model?
        private enum Key: CodingKey { case type, model }

        init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: Key.self)
            type = try? keys.decode(String.self, forKey: .type)
            model = try? keys.decode(Model.self, forKey: .model)
        }
    }

    init(of file: TokenizerFile) throws {
        let head = try file.decoded(Head.self)
        if let model = head.model {
            self = .tokenizerJSON(model.type ?? "BPE")
        } else if let type = head.type {
            self = type == "wordpiece" ? .wordPiece : .bpe
        } else {
            self = .vocabulary
        }
    }
}

extension TokenizerFile {
    /// The contents as JSON of a form.
    func decoded<T: Decodable>(_ type: T.Type) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.withoutByteOrderMark))
        } catch let DecodingError.dataCorrupted(context) {
            throw malformed("not JSON: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)")
        } catch let DecodingError.keyNotFound(key, _) {
            throw malformed("the key \(key.stringValue) is missing")
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw malformed("\(key.isEmpty ? "the file" : key): \(context.debugDescription)")
        }
    }

    /// The tokens of a vocabulary by id.
    func inOrder(_ ids: [String: Int]) throws -> [String] {
        guard !ids.isEmpty else { throw malformed("the vocabulary is empty") }
        let sorted = ids.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (place, entry) in sorted.enumerated() where entry.value != place {
            throw malformed(
                """
                    \(entry.key) has the id \(entry.value), where \(place) is next; ids must be 0 to \(ids.count - 1), \
                    each once
                    """
            )
        }
        return sorted.map(\.key)
    }
}
