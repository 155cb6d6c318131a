import CKernels

/// Which elements a dropout drops: a function of a key and of their positions, so that no mask is stored.
struct Dropping {
    static let none = concord_dropping(key: 0, threshold: 0, factor: 1)

    /// - Parameter probability: of an element to be dropped, in `0 ..< 1`.
    static func drawn(_ probability: Float, in operation: String) -> concord_dropping {
        ShapeCheck.require(probability >= 0 && probability < 1, operation, "probability \(probability) is not in 0 ..< 1")
        guard probability > 0, Context.current.isTraining else { return none }
        let key = Context.current.random.nextKey()
        return concord_dropping(key: key.bits, threshold: UInt32(Double(probability) * 0x1p32), factor: 1 / (1 - probability))
    }
}

extension Tensor {
    /// Sets each element to 0 with the given probability and divides the others by what is left of 1; identity in evaluation mode.
    ///
    /// - Parameter probability: in `0 ..< 1`.
    /// - Source: Srivastava et al. 2014, JMLR 15. The mask is a hash of the context's next random key and the element's position,
    ///   computed again in the backward pass.
    public func dropout(_ probability: Float) -> Tensor {
        let dropping = Dropping.drawn(probability, in: "dropout")
        guard dropping.threshold > 0 else { return self }
        return dropped(dropping).recorded(from: self) { upstream, _ in [upstream.dropped(dropping)] }
    }

    private func dropped(_ dropping: concord_dropping) -> Tensor {
        let output = Tensor(uninitialized: shape)
        let x = floats, y = output.floats
        Parallel.run(count, grain: 1 << 15) { range in
            let i = range.lowerBound
            concord_dropout(y + i, x + i, dropping, UInt64(i), range.count)
        }
        return output
    }
}
