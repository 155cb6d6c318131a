extension Tensor {
    /// The largest over some axes; NaN wins. Elements that tie share the gradient evenly, as with PyTorch's `amax`.
    /// - Precondition: no reduced axis is empty.
    public func max(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let axes = self.axes(axes, in: "max")
        ShapeCheck.require(axes.allSatisfy { shape[$0] > 0 }, "max", "axes \(axes) of \(shape) are empty")
        let x = detached.asFloat32, kept = shape(reducing: axes, keepingAxes: true)
        let largest = Kernels.reduce(.maximum, x, axes: axes).reshaped(kept)
        return largest.reshaped(shape(reducing: axes, keepingAxes: keepingAxes)).recorded(from: self) { upstream, _ in
            let isLargest = x .== largest
            let ties = isLargest.converted(to: .float32).sum(axes: axes, keepingAxes: true)
            return [isLargest.selecting(upstream.reshaped(kept) / ties, otherwise: 0)]
        }
    }

    /// The largest element, of shape `[]`.
    public func max() -> Tensor { max(axes: Array(shape.indices)) }
    /// The largest over one axis, which goes.
    public func max(axis: Int) -> Tensor { max(axes: [axis]) }

    /// The place of the largest along an axis, int32; the first among equals. NaN is larger than all.
    /// - Precondition: the axis is not empty.
    public func argmax(axis: Int = -1) -> Tensor {
        let axis = self.axis(axis, in: "argmax")
        ShapeCheck.require(shape[axis] > 0, "argmax", "axis \(axis) of \(shape) is empty")
        return Kernels.argmax(asFloat32, axis: axis, shape: shape(reducing: [axis], keepingAxes: false))
    }

    /// The k largest of each row of the last axis, in falling order; equal ones by place. NaN is larger than all.
    /// - Returns: values and places (int32), `[..., k]`.
    /// - Precondition: `0 <= k <= C`.
    public func topK(_ k: Int) -> (values: Tensor, indices: Tensor) {
        let columns = shape.last ?? 1
        ShapeCheck.require((0...columns).contains(k) && rank > 0, "topK", "\(k) of \(shape)")
        let (values, indices) = Kernels.topK(asFloat32, k), own = shape
        return (
            values.recorded(from: self) { upstream, _ in
                [Kernels.scatterIntoRows(upstream, at: indices, shape: own)]
            }, indices
        )
    }
}
