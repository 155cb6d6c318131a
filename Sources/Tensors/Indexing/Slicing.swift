extension Tensor {
    /// The places `range` of an axis, any element type.
    public func sliced(_ range: Range<Int>, axis: Int) -> Tensor {
        let axis = self.axis(axis, in: "sliced")
        ShapeCheck.require(
            range.lowerBound >= 0 && range.upperBound <= shape[axis], "sliced", "\(range) of axis \(axis) of \(shape)")
        if range.count == shape[axis] { return self }
        let corner = self.corner(range.lowerBound, along: axis)
        let output = BoxCopy.cut(self, at: corner, shape: shape(range.count, along: axis))
        return output.recorded(from: self) { [shape] upstream, _ in
            let whole = Tensor(zeros: shape, upstream.elementType)
            BoxCopy.place(upstream, into: whole, at: corner)
            return [whole]
        }
    }

    /// Neighboring parts of an axis. Their gradients meet in one array, however many parts there are.
    /// - Parameter sizes: add up to the axis's size.
    public func split(into sizes: [Int], axis: Int) -> [Tensor] {
        let axis = self.axis(axis, in: "split")
        ShapeCheck.require(
            sizes.reduce(0, +) == shape[axis] && !sizes.contains { $0 < 0 }, "split",
            "\(sizes) of axis \(axis) of \(shape)")
        // A node of its own on the tape: whatever flows to it comes from the parts.
        let whole = recorded(from: self) { upstream, _ in [upstream] }
        let gradient = SplitGradient(shape: shape)
        var start = 0
        return sizes.map { size in
            let corner = self.corner(start, along: axis)
            start += size
            let part = BoxCopy.cut(self, at: corner, shape: shape(size, along: axis))
            return part.recorded(from: whole) { upstream, _ in [gradient.receive(upstream, at: corner)] }
        }
    }

    func corner(_ place: Int, along axis: Int) -> [Int] {
        var corner = [Int](repeating: 0, count: rank)
        corner[axis] = place
        return corner
    }

    func shape(_ size: Int, along axis: Int) -> [Int] {
        var shape = shape
        shape[axis] = size
        return shape
    }
}

/// Where the cotangents of a split's parts are put together while the tape runs backwards.
private final class SplitGradient {
    private let shape: [Int]
    private var whole: Tensor?

    init(shape: [Int]) { self.shape = shape }

    /// The whole for the first part that comes, nil for later ones, which find it on the tape already.
    func receive(_ upstream: Tensor, at corner: [Int]) -> Tensor? {
        if let whole {
            BoxCopy.place(upstream, into: whole, at: corner)
            return nil
        }
        let whole = Tensor(zeros: shape, upstream.elementType)
        BoxCopy.place(upstream, into: whole, at: corner)
        self.whole = whole
        return whole
    }
}

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
