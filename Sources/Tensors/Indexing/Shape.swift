/// Other shapes for the same elements: no memory moves.
extension Tensor {
    /// The same elements in row-major order with another shape; shares memory.
    /// - Parameter shape: its product is `count`; one size may be -1 and is then found from the others.
    public func reshaped(_ shape: [Int]) -> Tensor {
        let shape = resolved(shape)
        if shape == self.shape { return self }
        let output = Tensor(shape: shape, elementType: elementType, storage: storage)
        return output.recorded(from: self) { [own = self.shape] upstream, _ in [upstream.reshaped(own)] }
    }

    /// Some neighboring axes as one: `[N, H, W, C].flattened(1...2)` is `[N, H * W, C]`.
    public func flattened(_ axes: ClosedRange<Int>) -> Tensor {
        let first = axis(axes.lowerBound, in: "flattened"), last = axis(axes.upperBound, in: "flattened")
        ShapeCheck.require(first <= last, "flattened", "axes \(axes) of \(shape)")
        return reshaped(Array(shape[..<first]) + [shape[first...last].reduce(1, *)] + Array(shape[(last + 1)...]))
    }

    /// A new axis of size one at a place; -1 puts it last.
    public func expandingAxis(at place: Int) -> Tensor {
        let resolved = place < 0 ? place + rank + 1 : place
        ShapeCheck.require((0...rank).contains(resolved), "expandingAxis", "place \(place) in \(shape)")
        var shape = shape
        shape.insert(1, at: resolved)
        return reshaped(shape)
    }

    /// Without an axis of size one.
    public func squeezingAxis(at place: Int) -> Tensor {
        let resolved = axis(place, in: "squeezingAxis")
        ShapeCheck.require(shape[resolved] == 1, "squeezingAxis", "axis \(place) of \(shape) is not of size one")
        var shape = shape
        shape.remove(at: resolved)
        return reshaped(shape)
    }

    /// The same memory under another shape of as many elements, a constant.
    func viewed(as shape: [Int]) -> Tensor { Tensor(shape: shape, elementType: elementType, storage: storage) }

    private func resolved(_ wanted: [Int]) -> [Int] {
        guard let free = wanted.firstIndex(of: -1) else {
            ShapeCheck.require(
                wanted.reduce(1, *) == count, "reshaped", "\(shape) has \(count) elements, \(wanted) another number")
            return wanted
        }
        var result = wanted
        result[free] = 1
        let others = result.reduce(1, *)
        ShapeCheck.require(
            others > 0 && count % others == 0 && !result.contains(-1), "reshaped",
            "\(shape) of \(count) elements does not fit \(wanted)")
        result[free] = count / others
        return result
    }
}
