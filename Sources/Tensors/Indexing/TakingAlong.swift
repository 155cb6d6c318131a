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
}
