extension ShapeCheck {
    /// Stops where an int32 index is not in `0 ..< size`; one vectorized pass.
    package static func indices(_ indices: Tensor, below size: Int, in operation: String) {
        guard indices.count > 0 else { return }
        let (smallest, largest) = Kernels.bounds(indices), p = indices.int32Pointer
        if smallest >= 0, largest < size { return }
        let place = (0..<indices.count).first { p[$0] < 0 || Int(p[$0]) >= size } ?? 0
        fail(operation, "index \(p[place]) at place \(place) of \(indices.shape) is outside of 0 ..< \(size)")
    }
}

extension Tensor {
    /// The places of an axis that int32 indices name, any element type.
    /// - Parameter indices: any shape, each in `0 ..< shape[axis]`; it takes the axis's place in the result's shape.
    public func gathered(at indices: Tensor, axis: Int = 0) -> Tensor {
        let axis = self.axis(axis, in: "gathered")
        ShapeCheck.indices(indices, below: shape[axis], in: "gathered")
        let output = Kernels.gather(self, indices, axis: axis)
        let size = shape[axis]
        return output.recorded(from: self) { [indices = indices.detached] upstream, _ in
            [upstream.scattered(at: indices, axis: axis, size: size)]
        }
    }

    /// `gathered`'s adjoint: zeros with the slices of this value added at the places that int32 indices name, in order.
    /// - Parameters:
    ///   - indices: of the shape that this value's shape has from `axis` on; each in `0 ..< size`.
    ///   - size: of the axis that replaces them.
    public func scattered(at indices: Tensor, axis: Int = 0, size: Int) -> Tensor {
        let first = axis < 0 ? axis + rank - indices.rank + 1 : axis
        ShapeCheck.require(
            first >= 0 && first + indices.rank <= rank && Array(shape[first..<(first + indices.rank)]) == indices.shape,
            "scattered",
            "indices \(indices.shape) are not the axes of \(shape) from axis \(axis) on")
        ShapeCheck.indices(indices, below: size, in: "scattered")
        let output = Kernels.scatter(self, indices, axis: first, size: size)
        return output.recorded(from: self) { [indices = indices.detached] upstream, _ in
            [upstream.gathered(at: indices, axis: first)]
        }
    }

    /// This value with the slices of `updates` added at the places of an axis that int32 indices name.
    /// - Parameter updates: as `gathered(at: indices, axis: axis)` would return it.
    public func scatterAdd(_ updates: Tensor, at indices: Tensor, axis: Int = 0) -> Tensor {
        let axis = self.axis(axis, in: "scatterAdd")
        return self + updates.scattered(at: indices, axis: axis, size: shape[axis])
    }
}
