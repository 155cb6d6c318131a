/// What a model needs to know of a tokenizer: how many ids there are, and which are special.
public struct Vocabulary: Hashable, Sendable {
    /// Number V of ids.
    public let size: Int
    /// Fills texts up to a batch's length.
    public let padding: Int32
    /// For what the vocabulary lacks; nil where nothing is unknown.
    public let unknown: Int32?
    /// The first id of every text: `[CLS]`, start of text.
    public let start: Int32?
    /// The last id of every text: `[SEP]`, end of text.
    public let end: Int32?
    /// Takes the place of masked tokens; nil without one.
    public let mask: Int32?

    /// - Parameters:
    ///   - size: number V of ids.
    ///   - padding, unknown, start, end, mask: special ids, in `0 ..< size`; nil for those that it does not have.
    public init(
        size: Int, padding: Int32, unknown: Int32? = nil, start: Int32? = nil, end: Int32? = nil, mask: Int32? = nil
    ) {
        self.size = size
        self.padding = padding
        self.unknown = unknown
        self.start = start
        self.end = end
        self.mask = mask
    }

    /// Ids that are no part of a text: never masked, never decoded.
    public var special: Set<Int32> { Set([padding, unknown, start, end, mask].compactMap { $0 }) }
}
