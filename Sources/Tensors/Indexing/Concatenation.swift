extension Tensor {
    /// Tensors one after the other along an axis, any element type; float32 where some are float32 and some bfloat16.
    /// - Precondition: at least one; equal element types otherwise, and equal sizes along the other axes.
    public static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
        guard let first = parts.first else { ShapeCheck.fail("concatenated", "nothing to concatenate") }
        let axis = first.axis(axis, in: "concatenated")
        for part in parts {
            ShapeCheck.require(
                part.rank == first.rank
                    && (part.elementType == first.elementType || part.isFloating && first.isFloating)
                    && part.shape.indices.allSatisfy { $0 == axis || part.shape[$0] == first.shape[$0] },
                "concatenated",
                "\(part.elementType) \(part.shape) after \(first.elementType) \(first.shape) along axis \(axis)")
        }
        if parts.count == 1 { return first }
        let type = parts.contains { $0.elementType != first.elementType } ? .float32 : first.elementType
        let sizes = parts.map { $0.shape[axis] }
        let output = Tensor(uninitialized: first.shape(sizes.reduce(0, +), along: axis), type)
        var start = 0
        for (part, size) in zip(parts, sizes) {
            BoxCopy.place(
                part.elementType == type ? part : part.asFloat32, into: output, at: first.corner(start, along: axis))
            start += size
        }
        let shapes = parts.map(\.shape)
        return output.recorded(fromAll: parts) { upstream, needs in
            var start = 0
            return shapes.indices.map { part in
                defer { start += sizes[part] }
                return needs[part]
                    ? BoxCopy.cut(upstream, at: upstream.corner(start, along: axis), shape: shapes[part]) : nil
            }
        }
    }

    /// Tensors of one shape under a new leading axis, any element type.
    public static func stacked(_ parts: [Tensor]) -> Tensor {
        concatenated(parts.map { $0.expandingAxis(at: 0) }, axis: 0)
    }
}
