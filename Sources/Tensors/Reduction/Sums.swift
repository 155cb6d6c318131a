extension Tensor {
    /// The sum over some axes, carried in double precision.
    /// - Parameters:
    ///   - axes: counted from the end when negative.
    ///   - keepingAxes: leaves them in the shape with size one.
    public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        total(axes: axes, keepingAxes: keepingAxes, scale: 1, in: "sum")
    }

    /// The mean over some axes; NaN where they are empty.
    public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let count = self.axes(axes, in: "mean").reduce(1) { $0 * shape[$1] }
        return total(axes: axes, keepingAxes: keepingAxes, scale: 1 / Float(count), in: "mean")
    }

    /// The sum of all elements, of shape `[]`.
    public func sum() -> Tensor { sum(axes: Array(shape.indices)) }
    /// The mean of all elements, of shape `[]`.
    public func mean() -> Tensor { mean(axes: Array(shape.indices)) }
    /// The sum over one axis, which goes.
    public func sum(axis: Int) -> Tensor { sum(axes: [axis]) }
    /// The mean over one axis, which goes.
    public func mean(axis: Int) -> Tensor { mean(axes: [axis]) }

    /// The variance over some axes.
    ///
    ///     sum((x - mean(x))^2) / (n - (unbiased ? 1 : 0))
    public func variance(axes: [Int], keepingAxes: Bool = false, unbiased: Bool = false) -> Tensor {
        let axes = self.axes(axes, in: "variance")
        let count = axes.reduce(1) { $0 * shape[$1] }
        let factor = 1 / Float(count - (unbiased ? 1 : 0))
        let x = detached.asFloat32
        let mean = x.mean(axes: axes, keepingAxes: true)
        let centered = x - mean
        let kept = shape(reducing: axes, keepingAxes: true)
        let output = Kernels.reduce(.sum, centered * centered, axes: axes, scale: factor)
        return output.reshaped(shape(reducing: axes, keepingAxes: keepingAxes)).recorded(from: self) { upstream, _ in
            [(x - mean) * (upstream.reshaped(kept) * (2 * factor))]
        }
    }

    private func total(axes: [Int], keepingAxes: Bool, scale: Float, in operation: String) -> Tensor {
        let axes = self.axes(axes, in: operation)
        let output = Kernels.reduce(.sum, self, axes: axes, scale: scale)
            .reshaped(shape(reducing: axes, keepingAxes: keepingAxes))
        let shape = shape, kept = self.shape(reducing: axes, keepingAxes: true)
        return output.recorded(from: self) { upstream, _ in
            [(scale == 1 ? upstream : upstream * scale).reshaped(kept).broadcasted(to: shape)]
        }
    }
}

extension Tensor {
    /// Axes counted from the end when negative, each once, in order.
    func axes(_ axes: [Int], in operation: String) -> [Int] {
        let resolved = axes.map { axis($0, in: operation) }.sorted()
        ShapeCheck.require(Set(resolved).count == resolved.count, operation, "axes \(axes) of \(shape) repeat")
        return resolved
    }

    /// The shape with `axes` of size one, or without them.
    func shape(reducing axes: [Int], keepingAxes: Bool) -> [Int] {
        keepingAxes
            ? shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
            : shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    }
}
