import CKernels

/// Which elements a dropout drops: a function of a key and of their positions, so that no mask is stored.
struct Dropping {
    static let none = concord_dropout_mask(key: 0, threshold: 0, factor: 1)

    /// - Parameter probability: of an element to be dropped, in `0 ..< 1`.
    static func drawn(_ probability: Float, in operation: String) -> concord_dropout_mask {
        ShapeCheck.require(
            probability >= 0 && probability < 1, operation, "probability \(probability) is not in 0 ..< 1")
        guard probability > 0, Context.current.isTraining else { return none }
        let key = Context.current.random.nextKey()
        return concord_dropout_mask(
            key: key.bits, threshold: UInt32(Double(probability) * 0x1p32), factor: 1 / (1 - probability))
    }

    /// How many elements of the whole batch stand in front of the first of `count`, where a piece of a batch is under
    /// way.
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
        let dropping = Dropping.drawn(probability, in: "dropout")
        guard dropping.threshold > 0 else { return self }
        let origin = Dropping.origin(ofElements: count)
        return dropped(dropping, from: origin).recorded(from: self) { upstream, _ in
            [upstream.dropped(dropping, from: origin)]
        }
    }

    private func dropped(_ dropping: concord_dropout_mask, from origin: Int) -> Tensor {
        let output = Tensor(uninitialized: shape, elementType)
        let x = elementPointer, y = output.elementPointer
        Elementwise.run(count, grain: 1 << 15, slots: 2, isBFloat16: x.isBFloat16) { range, staging in
            concord_dropout(
                staging.place(y, range, 0), staging.read(x, range, 1), dropping, UInt64(origin + range.lowerBound),
                range.count)
            staging.write(y, range, 0)
        }
        return output
    }
}
