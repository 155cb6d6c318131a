import CKernels

extension ShapeCheck {
    /// Stops where an int32 index is not in `0 ..< size`; one vectorised pass.
    package static func indices(_ indices: Tensor, below size: Int, in operation: String) {
        let p = indices.int32Pointer, count = indices.count
        guard count > 0 else { return }
        var smallest: Int32 = 0, largest: Int32 = 0
        concord_int32_range(p, count, &smallest, &largest)
        if smallest >= 0, Int(largest) < size { return }
        let place = (0..<count).first { p[$0] < 0 || Int(p[$0]) >= size } ?? 0
        fail(operation, "index \(p[place]) at place \(place) of \(indices.shape) is outside of 0 ..< \(size)")
    }
}

extension Tensor {
    /// The places of an axis that int32 indices name, any element type.
    /// - Parameter indices: any shape, each in `0 ..< shape[axis]`; it takes the axis's place in the result's shape.
    public func gathered(at indices: Tensor, axis: Int = 0) -> Tensor {
        let axis = self.axis(axis, in: "gathered")
        ShapeCheck.indices(indices, below: shape[axis], in: "gathered")
        let output = Gathering.gather(self, indices, axis)
        let size = shape[axis]
        return output.recorded(from: self) { [indices = indices.detached] upstream, _ in
            [upstream.scattered(at: indices, axis: axis, size: size)]
        }
    }

    /// `gathered`'s adjoint: zeros with the slices of this value added at the places that int32 indices name, in order.
    /// - Parameters:
    ///   - indices: of a shape that stands in this value's shape from `axis` on; each in `0 ..< size`.
    ///   - size: of the axis that replaces them.
    public func scattered(at indices: Tensor, axis: Int = 0, size: Int) -> Tensor {
        let first = axis < 0 ? axis + rank - indices.rank + 1 : axis
        ShapeCheck.require(
            first >= 0 && first + indices.rank <= rank && Array(shape[first..<(first + indices.rank)]) == indices.shape,
            "scattered",
            "indices \(indices.shape) do not stand in \(shape) from axis \(axis) on")
        ShapeCheck.indices(indices, below: size, in: "scattered")
        let output = Gathering.scatter(self, indices, first, size)
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

/// Loops over `[outer, size, inner]` with the middle axis named by indices.
private enum Gathering {
    static func gather(_ x: Tensor, _ indices: Tensor, _ axis: Int) -> Tensor {
        let outer = x.shape[..<axis].reduce(1, *), inner = x.shape[(axis + 1)...].reduce(1, *), size = x.shape[axis]
        let output = Tensor(
            uninitialized: Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...]), x.elementType)
        let count = indices.count, index = indices.int32Pointer, bytes = x.elementType.size
        let from = x.storage.base, to = output.storage.base
        // A unit of work is one index of one outer place; a run of them within a place is one call.
        Parallel.run(outer * count, grain: max(1, Elementwise.grain / max(1, inner))) { range in
            var unit = range.lowerBound
            while unit < range.upperBound {
                let place = unit / count, first = unit % count, run = min(count - first, range.upperBound - unit)
                let source = from + place * size * inner * bytes, target = to + unit * inner * bytes
                if bytes == 4 {
                    concord_gather(
                        target.assumingMemoryBound(to: UInt32.self), source.assumingMemoryBound(to: UInt32.self),
                        index + first, run, inner)
                } else {
                    concord_gather_bytes(
                        target.assumingMemoryBound(to: UInt8.self), source.assumingMemoryBound(to: UInt8.self),
                        index + first, run,
                        inner * bytes)
                }
                unit += run
            }
        }
        return output
    }

    static func scatter(_ x: Tensor, _ indices: Tensor, _ axis: Int, _ size: Int) -> Tensor {
        let outer = x.shape[..<axis].reduce(1, *), inner = x.shape[(axis + indices.rank)...].reduce(1, *)
        let output = Tensor(zeros: Array(x.shape[..<axis]) + [size] + Array(x.shape[(axis + indices.rank)...]))
        let count = indices.count, index = indices.int32Pointer, x = x.asFloat32
        let from = x.float32Pointer, to = output.float32Pointer
        // Threads share out columns, or outer places: no two add to one element.
        let grain = max(1, Elementwise.grain / max(1, count))
        if outer > 1 {
            Parallel.run(outer, grain: max(1, grain / max(1, inner))) { range in
                for place in range {
                    concord_scatter_add(
                        to + place * size * inner, from + place * count * inner, index, count, inner, inner)
                }
            }
        } else {
            Parallel.run(inner, grain: grain) {
                concord_scatter_add(to + $0.lowerBound, from + $0.lowerBound, index, count, $0.count, inner)
            }
        }
        return output
    }
}
