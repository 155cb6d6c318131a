public import ConcordTensors

/// Token ids of several texts, padded to one length, with a mask that says which are real.
public struct Tokens: Sendable {
    /// `[N, T]`, int32.
    public let ids: Tensor
    /// `[N, T]`, uint8: 1 for a token, 0 for padding.
    public let mask: Tensor

    /// - Precondition: both `[N, T]`.
    public init(ids: Tensor, mask: Tensor) {
        guard ids.rank == 2, ids.shape == mask.shape else {
            fatalError("Tokens: ids \(ids.shape) and mask \(mask.shape) must both be [N, T]")
        }
        self.ids = ids
        self.mask = mask
    }

    /// Texts of ids; shorter ones than `length` are padded with `padding`, longer ones are a programmer's fault.
    public init(_ texts: [[Int32]], length: Int, padding: Int32) {
        var ids = [Int32](repeating: padding, count: texts.count * length)
        var mask = [UInt8](repeating: 0, count: texts.count * length)
        for (n, text) in texts.enumerated() {
            guard text.count <= length else { fatalError("Tokens: a text of \(text.count) ids does not fit \(length)") }
            for (t, id) in text.enumerated() {
                ids[n * length + t] = id
                mask[n * length + t] = 1
            }
        }
        self.init(ids: Tensor(ids, shape: [texts.count, length]), mask: Tensor(mask, shape: [texts.count, length]))
    }

    /// Number N of texts.
    public var count: Int { ids.shape[0] }
    /// Padded length T.
    public var length: Int { ids.shape[1] }
}
