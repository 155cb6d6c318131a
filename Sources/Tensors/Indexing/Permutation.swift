extension Tensor {
    /// The axes in another order, any element type: axis i of the result is axis `axes[i]` of this value.
    public func permuted(_ axes: [Int]) -> Tensor {
        let axes = axes.map { axis($0, in: "permuted") }
        ShapeCheck.require(axes.sorted() == Array(shape.indices), "permuted", "\(axes) are not the axes of \(shape)")
        let output = Permutation.run(self, axes)
        return output.recorded(from: self) { upstream, _ in
            var inverse = axes
            for (place, axis) in axes.enumerated() { inverse[axis] = place }
            return [Permutation.run(upstream, inverse)]
        }
    }

    /// The last two axes exchanged.
    public func transposed() -> Tensor {
        ShapeCheck.require(rank >= 2, "transposed", "shape \(shape) has not two axes")
        return permuted(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }
}

/// Axes in another order by the cheapest copy: none, whole rows, or a matrix's transposition in blocks.
private enum Permutation {
    /// A block's rows in the output's last axis and columns in the input's: long runs of writes, and reads of whole
    /// cache lines. 65536 x 256 took 25 ms on one core where blocks of 64 x 64 took 43 (a copy: 6).
    private static let height = 256, width = 32

    static func run(_ x: Tensor, _ axes: [Int]) -> Tensor {
        let strides = BoxCopy.strides(of: x), size = x.elementType.size
        let shape = axes.map { x.shape[$0] }
        // Output axes outermost first with the input's strides in bytes, merged where they are neighbors in the input
        // too.
        var merged: [(size: Int, stride: Int)] = []
        for axis in axes where x.shape[axis] != 1 {
            if let last = merged.last, last.stride == strides[axis] * x.shape[axis] {
                merged[merged.count - 1] = (last.size * x.shape[axis], strides[axis])
            } else {
                merged.append((x.shape[axis], strides[axis]))
            }
        }
        if merged.count < 2 || x.count == 0 {
            return Tensor(shape: shape, elementType: x.elementType, storage: x.storage)
        }
        let output = Tensor(uninitialized: shape, x.elementType)
        var own = [Int](repeating: size, count: merged.count)
        for axis in merged.indices.dropLast().reversed() { own[axis] = own[axis + 1] * merged[axis + 1].size }
        if merged[merged.count - 1].stride == size {
            BoxCopy.run(
                shape: merged.map(\.size), size: size, from: x.storage.base, fromStrides: merged.map(\.stride),
                to: output.storage.base,
                toStrides: own)
        } else {
            transpose(x, into: output, merged, own)
        }
        return output
    }

    /// The output's last axis is not the input's: matrices of the two are transposed, over all other axes.
    private static func transpose(_ x: Tensor, into output: Tensor, _ axes: [(size: Int, stride: Int)], _ own: [Int]) {
        let size = x.elementType.size, last = axes.count - 1
        guard let inner = axes.firstIndex(where: { $0.stride == size }) else { return }
        let others = axes.indices.filter { $0 != inner && $0 != last }
        let rows = axes[last].size, columns = axes[inner].size
        let rowBlocks = (rows + height - 1) / height, columnBlocks = (columns + width - 1) / width
        let count = others.reduce(rowBlocks * columnBlocks) { $0 * axes[$1].size }
        let from = x.storage.base, to = output.storage.base
        Parallel.run(count, grain: max(1, Elementwise.grain / (min(rows, height) * min(columns, width)))) { range in
            for task in range {
                let row = task % rowBlocks * height, column = task / rowBlocks % columnBlocks * width
                var rest = task / rowBlocks / columnBlocks
                var source = row * axes[last].stride + column * size, target = column * own[inner] + row * size
                for axis in others.reversed() {
                    source += rest % axes[axis].size * axes[axis].stride
                    target += rest % axes[axis].size * own[axis]
                    rest /= axes[axis].size
                }
                Kernels.transpose(
                    to + target, own[inner] / size, from: from + source, axes[last].stride / size,
                    rows: min(height, rows - row), columns: min(width, columns - column), size: size)
            }
        }
    }
}
