/// Copies of boxes between row-major arrays: what slices, concatenation and padding are made of.
enum BoxCopy {
    /// Copies a box of `shape` elements of `size` bytes between two memories that start at the box's first corners.
    /// - Parameters:
    ///   - fromStrides: bytes between neighbors along each axis of the source; the last is `size`.
    ///   - toStrides: the target's.
    static func run(
        shape: [Int], size: Int, from: UnsafeRawPointer, fromStrides: [Int], to: UnsafeMutableRawPointer,
        toStrides: [Int]
    ) {
        // Axes innermost first, merged where both sides allow; the first is bytes.
        var sizes = [size], sources = [1], targets = [1]
        for axis in shape.indices.reversed() where shape[axis] != 1 {
            let last = sizes.count - 1
            if fromStrides[axis] == sources[last] * sizes[last], toStrides[axis] == targets[last] * sizes[last] {
                sizes[last] *= shape[axis]
            } else {
                sizes.append(shape[axis])
                sources.append(fromStrides[axis])
                targets.append(toStrides[axis])
            }
        }
        let bytes = sizes[0]
        guard sizes.count > 1 else {
            Kernels.copy(to, from: from, bytes: bytes)
            return
        }
        let rows = sizes[1], fromRow = sources[1], toRow = targets[1], outer = sizes[2...].reduce(1, *)
        Parallel.run(outer * rows, grain: max(1, Elementwise.grain * 4 / max(1, bytes))) { range in
            var row = range.lowerBound
            while row < range.upperBound {
                var rest = row / rows, source = row % rows * fromRow, target = row % rows * toRow
                for axis in 2..<sizes.count {
                    source += rest % sizes[axis] * sources[axis]
                    target += rest % sizes[axis] * targets[axis]
                    rest /= sizes[axis]
                }
                let count = min(rows - row % rows, range.upperBound - row)
                Kernels.copyRows(to + target, toRow, from: from + source, fromRow, rows: count, bytes: bytes)
                row += count
            }
        }
    }

    /// Bytes between neighbors along each axis.
    static func strides(of x: Tensor) -> [Int] {
        var strides = [Int](repeating: x.elementType.size, count: x.rank)
        for axis in (0..<x.rank).dropLast().reversed() { strides[axis] = strides[axis + 1] * x.shape[axis + 1] }
        return strides
    }

    /// Copies all of `x` into `target` with its first corner at `corner`.
    static func place(_ x: Tensor, into target: Tensor, at corner: [Int]) {
        let strides = strides(of: target)
        let offset = zip(corner, strides).reduce(0) { $0 + $1.0 * $1.1 }
        run(
            shape: x.shape, size: x.elementType.size, from: x.storage.base, fromStrides: Self.strides(of: x),
            to: target.storage.base + offset,
            toStrides: strides)
    }

    /// The box of a shape in `x` whose first corner is at `corner`, a constant.
    static func cut(_ x: Tensor, at corner: [Int], shape: [Int]) -> Tensor {
        if shape == x.shape { return x.detached }
        let output = Tensor(uninitialized: shape, x.elementType)
        let strides = strides(of: x)
        let offset = zip(corner, strides).reduce(0) { $0 + $1.0 * $1.1 }
        run(
            shape: shape, size: x.elementType.size, from: x.storage.base + offset, fromStrides: strides,
            to: output.storage.base,
            toStrides: Self.strides(of: output))
        return output
    }
}
