/// Which elements a dropout sets to zero: a function of a key and of their positions, so that no mask is stored.
struct DropoutMask: Sendable {
    let key: UInt64
    /// Elements whose 32-bit hash of position and key is below it are dropped; 0: none.
    let threshold: UInt32
    /// What the others are multiplied by.
    let factor: Float

    static let none = DropoutMask(key: 0, threshold: 0, factor: 1)

    var isEmpty: Bool { threshold == 0 }

    /// By the next random key; `none` in evaluation mode.
    /// - Parameter probability: of an element to be dropped, in `0 ..< 1`.
    static func drawn(_ probability: Float, in operation: String) -> DropoutMask {
        ShapeCheck.require(
            probability >= 0 && probability < 1, operation, "probability \(probability) is not in 0 ..< 1")
        guard probability > 0, Context.current.isTraining else { return none }
        let key = Context.current.random.nextKey()
        return DropoutMask(
            key: key.bits, threshold: UInt32(Double(probability) * 0x1p32), factor: 1 / (1 - probability))
    }

    /// How many elements of the whole batch precede the first of `count`, where a microbatch is computed.
    static func origin(ofElements count: Int) -> Int {
        guard let rows = Context.current.rows, !rows.isEmpty else { return 0 }
        return rows.lowerBound * ((count + rows.count - 1) / rows.count)
    }
}

extension Tensor {
    /// Sets each element to 0 with the given probability and divides the others by what is left of 1; identity in
    /// evaluation mode.
    ///
    /// - Parameter probability: in `0 ..< 1`.
    /// - Source: Srivastava et al. 2014, JMLR 15. The mask is a hash of the context's next random key and the element's
    ///   position in the whole batch, computed again in the backward pass.
    public func dropout(_ probability: Float) -> Tensor {
        let mask = DropoutMask.drawn(probability, in: "dropout")
        guard !mask.isEmpty else { return self }
        let origin = DropoutMask.origin(ofElements: count)
        return Kernels.dropout(self, mask, from: origin).recorded(from: self) { upstream, _ in
            [Kernels.dropout(upstream, mask, from: origin)]
        }
    }
}
