extension Tensor {
    /// With a margin of `value` around it.
    /// - Parameter margins: one pair an axis, not negative.
    public func padded(_ margins: [(before: Int, after: Int)], with value: Float = 0) -> Tensor {
        ShapeCheck.require(
            margins.count == rank && margins.allSatisfy { $0.before >= 0 && $0.after >= 0 }, "padded",
            "margins \(margins) for \(shape)")
        if margins.allSatisfy({ $0.before == 0 && $0.after == 0 }) { return self }
        let corner = margins.map(\.before)
        let output = Tensor(uninitialized: zip(shape, margins).map { $0 + $1.before + $1.after }, elementType)
        let o = output.elementPointer
        Elementwise.run(output.count, slots: 1, isBFloat16: o.isBFloat16) { range, staging in
            staging.place(o, range, 0).update(repeating: value, count: range.count)
            staging.write(o, range, 0)
        }
        BoxCopy.place(self, into: output, at: corner)
        return output.recorded(from: self) { [shape] upstream, _ in [BoxCopy.cut(upstream, at: corner, shape: shape)] }
    }
}
