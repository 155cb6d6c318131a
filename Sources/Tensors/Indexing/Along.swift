extension Tensor {
    /// For every row along an axis, the elements at that row's indices: `y[i, j] = x[i, indices[i, j]]` for the last
    /// of two axes.
    /// - Parameter indices: int32, of this value's shape but for the axis; each in `0 ..< shape[axis]`.
    public func takingAlong(_ indices: Tensor, axis: Int = -1) -> Tensor {
        let axis = self.axis(axis, in: "takingAlong")
        let flat = Self.flatIndices(indices, of: shape, axis, in: "takingAlong")
        return reshaped([count]).gathered(at: flat).reshaped(indices.shape)
    }

    /// `takingAlong`'s adjoint: zeros of a longer or shorter axis with this value's elements added at its indices.
    /// - Parameters:
    ///   - indices: int32, of this value's shape; each in `0 ..< size`.
    ///   - size: of the axis in the result.
    public func scatteringAlong(_ indices: Tensor, axis: Int = -1, size: Int) -> Tensor {
        let axis = self.axis(axis, in: "scatteringAlong")
        ShapeCheck.require(indices.shape == shape, "scatteringAlong", "indices \(indices.shape) for \(shape)")
        var result = shape
        result[axis] = size
        let flat = Self.flatIndices(indices, of: result, axis, in: "scatteringAlong")
        return reshaped([count]).scattered(at: flat, size: result.reduce(1, *)).reshaped(result)
    }

    private static func flatIndices(_ indices: Tensor, of shape: [Int], _ axis: Int, in operation: String) -> Tensor {
        var expected = shape
        expected[axis] = indices.rank == shape.count ? indices.shape[axis] : -1
        ShapeCheck.require(
            indices.shape == expected, operation, "indices \(indices.shape) for \(shape) along axis \(axis)")
        ShapeCheck.indices(indices, below: shape[axis], in: operation)
        return Kernels.flatIndices(indices, into: shape, axis: axis)
    }

    /// The elements of an axis in reverse order.
    public func flipped(axis: Int) -> Tensor {
        let size = shape[self.axis(axis, in: "flipped")]
        return gathered(at: Tensor((0..<size).reversed().map(Int32.init), shape: [size]), axis: axis)
    }

    /// The elements of an axis moved by `shift` places; what leaves at the end enters at the start, as `torch.roll`
    /// does.
    public func rolled(by shift: Int, axis: Int) -> Tensor {
        let size = shape[self.axis(axis, in: "rolled")]
        guard size > 0 else { return self }
        let places = (0..<size).map { Int32((($0 - shift) % size + size) % size) }
        return gathered(at: Tensor(places, shape: [size]), axis: axis)
    }

    /// Squared Euclidean distances of rows: `[N, D]` to `[M, D]` gives `[N, M]`, never below 0.
    ///
    /// By products of the rows, `|a|^2 + |b|^2 - 2 a b`, so that rounding is that of the lengths and not of the
    /// distance.
    public func squaredDistances(to other: Tensor) -> Tensor {
        ShapeCheck.require(
            rank == 2 && other.rank == 2 && shape[1] == other.shape[1], "squaredDistances", "\(shape) to \(other.shape)"
        )
        let own = squared().sum(axes: [1], keepingAxes: true), others = other.squared().sum(axis: 1)
        return (own + others - matmul(other, transposing: .right) * 2).maximum(Tensor(0))
    }

    /// Sums of the elements up to each place of an axis.
    public func cumulativeSum(axis: Int) -> Tensor {
        let axis = self.axis(axis, in: "cumulativeSum")
        return Kernels.cumulativeSum(asFloat32, axis: axis).recorded(from: self) { upstream, _ in
            [Kernels.cumulativeSum(upstream, axis: axis, isReversed: true)]
        }
    }
}
