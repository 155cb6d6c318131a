import CKernels

extension Tensor {
    /// The largest over some axes; NaN wins. Elements that tie share the gradient evenly, as with PyTorch's `amax`.
    /// - Precondition: no reduced axis is empty.
    public func max(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let axes = self.axes(axes, in: "max")
        ShapeCheck.require(axes.allSatisfy { shape[$0] > 0 }, "max", "axes \(axes) of \(shape) are empty")
        let x = detached.asFloat32, kept = shape(reducing: axes, keepingAxes: true)
        let largest = Reduction.run(x, axes: axes, concord_reduce_max).reshaped(kept)
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
        let reduced = shape[axis], inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
        ShapeCheck.require(reduced > 0, "argmax", "axis \(axis) of \(shape) is empty")
        let output = Tensor(uninitialized: shape(reducing: [axis], keepingAxes: false), .int32)
        let o = output.int32Pointer, input = asFloat32, x = input.float32Pointer
        Parallel.run(outer, grain: Swift.max(1, Elementwise.grain / Swift.max(1, reduced * inner))) {
            concord_argmax(o + $0.lowerBound * inner, x + $0.lowerBound * reduced * inner, $0.count, reduced, inner)
        }
        return output
    }

    /// The k largest of each row of the last axis, in falling order; equal ones by place. NaN is larger than all.
    /// - Returns: values and places (int32), `[..., k]`.
    /// - Precondition: `0 <= k <= C`.
    public func topK(_ k: Int) -> (values: Tensor, indices: Tensor) {
        let columns = shape.last ?? 1
        ShapeCheck.require((0...columns).contains(k) && rank > 0, "topK", "\(k) of \(shape)")
        let shape = self.shape.dropLast() + [k], rows = shape.dropLast().reduce(1, *)
        let values = Tensor(uninitialized: Array(shape)), indices = Tensor(uninitialized: Array(shape), .int32)
        let v = values.float32Pointer, i = indices.int32Pointer, input = asFloat32, x = input.float32Pointer
        if k > 0 {
            Parallel.run(rows, grain: Swift.max(1, Elementwise.grain / 8 / columns)) {
                concord_top_k(
                    v + $0.lowerBound * k, i + $0.lowerBound * k, x + $0.lowerBound * columns, $0.count, columns, k)
            }
        }
        let own = self.shape
        return (
            values.recorded(from: self) { upstream, _ in [upstream.scatteredAlongRows(at: indices, shape: own)] },
            indices
        )
    }

    /// Zeros of the given shape with each row's elements put at the row's places.
    private func scatteredAlongRows(at indices: Tensor, shape: [Int]) -> Tensor {
        let output = Tensor(uninitialized: shape)
        let columns = shape.last ?? 1, k = self.shape.last ?? 1, rows = shape.dropLast().reduce(1, *)
        let o = output.float32Pointer, x = float32Pointer, i = indices.int32Pointer
        Parallel.run(rows, grain: Swift.max(1, Elementwise.grain / Swift.max(1, columns))) {
            concord_scatter_last(
                o + $0.lowerBound * columns, x + $0.lowerBound * k, i + $0.lowerBound * k, $0.count, k, columns)
        }
        return output
    }
}
