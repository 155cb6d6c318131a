import CKernels

/// Loops that reduce axes. Where a long axis is cut for the thread pool the cuts depend on the shape alone, so that any
/// number of threads gives the same bits.
private enum Reduction {
    typealias Kernel =
        @convention(c) (UnsafeMutablePointer<Float>?, Int, UnsafePointer<Float>?, Int, Int, Int, Int, Int, Float) ->
        Void

    /// Elements in a part of an axis that is cut.
    private static let part = 1 << 16
    /// Columns a thread takes at a time.
    private static let tile = 512

    /// In float32: `x` reduced over `axes` (distinct, not negative), which are dropped from the shape; the last pass
    /// multiplies by `scale`.
    static func run(_ x: Tensor, axes: [Int], scale: Float = 1, _ kernel: Kernel) -> Tensor {
        let kept = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
        // Neighboring axes that are all reduced, or all kept, are one; the innermost reduced run goes first.
        var runs: [(size: Int, isReduced: Bool)] = []
        for (axis, size) in x.shape.enumerated() where size != 1 {
            let isReduced = axes.contains(axis)
            if let last = runs.last, last.isReduced == isReduced {
                runs[runs.count - 1].size *= size
            } else {
                runs.append((size, isReduced))
            }
        }
        var value = x.detached.asFloat32
        while let place = runs.lastIndex(where: \.isReduced) {
            let outer = runs[..<place].reduce(1) { $0 * $1.size },
                inner = runs[(place + 1)...].reduce(1) { $0 * $1.size }
            let isLast = !runs[..<place].contains(where: \.isReduced)
            value = pass(
                value, outer: outer, reduced: runs[place].size, inner: inner, scale: isLast ? scale : 1, kernel)
            runs.remove(at: place)
        }
        if value.count == x.count, scale != 1 { value = value * scale }
        return value.reshaped(kept)
    }

    /// `[outer, reduced, inner]` to `[outer * inner]`.
    private static func pass(
        _ x: Tensor, outer: Int, reduced: Int, inner: Int, scale: Float, _ kernel: Kernel
    ) -> Tensor {
        let rows = max(32, (part + inner - 1) / max(1, inner))  // of a part
        let parts = (reduced + rows - 1) / rows
        if parts > 1, outer * inner < part / 2 {
            let partial = cut(x, outer: outer, reduced: reduced, inner: inner, rows: rows, parts: parts, kernel)
            return pass(partial, outer: outer, reduced: parts, inner: inner, scale: scale, kernel)
        }
        let output = Tensor(uninitialized: [outer * inner])
        let o = output.float32Pointer, p = x.float32Pointer
        let tiles = (inner + tile - 1) / tile
        if outer == 1, tiles > 1 {
            Parallel.run(tiles, grain: max(1, Elementwise.grain / max(1, reduced * tile))) { range in
                let first = range.lowerBound * tile, last = min(inner, range.upperBound * tile)
                kernel(o + first, 0, p + first, 0, inner, 1, reduced, last - first, scale)
            }
        } else {
            Parallel.run(outer, grain: max(1, Elementwise.grain / max(1, reduced * inner))) { range in
                let first = range.lowerBound
                kernel(
                    o + first * inner, inner, p + first * reduced * inner, reduced * inner, inner, range.count, reduced,
                    inner, scale)
            }
        }
        return output
    }

    /// Every part of `rows` rows reduced by itself, to `[outer, parts, inner]`.
    private static func cut(
        _ x: Tensor, outer: Int, reduced: Int, inner: Int, rows: Int, parts: Int, _ kernel: Kernel
    ) -> Tensor {
        let output = Tensor(uninitialized: [outer, parts, inner])
        let o = output.float32Pointer, p = x.float32Pointer
        Parallel.run(outer * parts) { range in
            for index in range {
                let first = index % parts * rows
                kernel(
                    o + index * inner, 0, p + (index / parts * reduced + first) * inner, 0, inner, 1,
                    min(rows, reduced - first), inner, 1)
            }
        }
        return output
    }
}

extension Kernels {
    /// What a reduction computes of its elements.
    enum Reducer {
        /// Carried in double precision.
        case sum
        /// NaN wins.
        case maximum

        fileprivate var kernel: Reduction.Kernel {
            switch self {
            case .sum: concord_reduce_sum
            case .maximum: concord_reduce_max
            }
        }
    }

    /// In float32: `x` reduced over `axes` (distinct, not negative), which are dropped from the shape, times `scale`.
    static func reduce(_ reducer: Reducer, _ x: Tensor, axes: [Int], scale: Float = 1) -> Tensor {
        Reduction.run(x, axes: axes, scale: scale, reducer.kernel)
    }

    /// The place of the largest along an axis, int32, without that axis; the first among equals, NaN larger than all.
    /// - Parameter x: float32.
    static func argmax(_ x: Tensor, axis: Int, shape: [Int]) -> Tensor {
        let reduced = x.shape[axis], inner = x.shape[(axis + 1)...].reduce(1, *), outer = x.shape[..<axis].reduce(1, *)
        let output = Tensor(uninitialized: shape, .int32)
        let o = output.int32Pointer, x = x.float32Pointer
        Parallel.run(outer, grain: max(1, Elementwise.grain / max(1, reduced * inner))) {
            concord_argmax(o + $0.lowerBound * inner, x + $0.lowerBound * reduced * inner, $0.count, reduced, inner)
        }
        return output
    }

    /// The k largest of each row in descending order, and their places (int32), `[..., k]`.
    /// - Parameter x: `[..., C]`, float32.
    static func topK(_ x: Tensor, _ k: Int) -> (values: Tensor, indices: Tensor) {
        let columns = x.shape.last ?? 1, shape = Array(x.shape.dropLast()) + [k]
        let values = Tensor(uninitialized: shape), indices = Tensor(uninitialized: shape, .int32)
        guard k > 0 else { return (values, indices) }
        let v = values.float32Pointer, i = indices.int32Pointer, x = x.float32Pointer
        Parallel.run(shape.dropLast().reduce(1, *), grain: max(1, Elementwise.grain / 8 / columns)) {
            concord_top_k(
                v + $0.lowerBound * k, i + $0.lowerBound * k, x + $0.lowerBound * columns, $0.count, columns, k)
        }
        return (values, indices)
    }

    /// Zeros of the given shape with each row's elements written to that row's places, which are distinct.
    /// - Parameters: x, indices: `[..., k]`; shape: `[..., C]`.
    static func scatterIntoRows(_ x: Tensor, at indices: Tensor, shape: [Int]) -> Tensor {
        let output = Tensor(uninitialized: shape)
        let columns = shape.last ?? 1, k = x.shape.last ?? 1, rows = shape.dropLast().reduce(1, *)
        let o = output.float32Pointer, x = x.float32Pointer, i = indices.int32Pointer
        Parallel.run(rows, grain: max(1, Elementwise.grain / max(1, columns))) {
            concord_scatter_last(
                o + $0.lowerBound * columns, x + $0.lowerBound * k, i + $0.lowerBound * k, $0.count, k, columns)
        }
        return output
    }

    /// The sums of the elements up to each place of an axis, float32.
    /// - Parameter isReversed: from each place to the end instead.
    static func cumulativeSum(_ x: Tensor, axis: Int, isReversed: Bool = false) -> Tensor {
        let size = x.shape[axis], inner = x.shape[(axis + 1)...].reduce(1, *), outer = x.shape[..<axis].reduce(1, *)
        let output = Tensor(uninitialized: x.shape)
        guard output.count > 0 else { return output }
        let from = x.float32Pointer, to = output.float32Pointer, step = isReversed ? -inner : inner
        Parallel.run(outer * inner, grain: max(1, Elementwise.grain / size)) { columns in
            for column in columns {
                var at = column / inner * size * inner + column % inner + (isReversed ? (size - 1) * inner : 0)
                var sum: Float = 0
                for _ in 0..<size {
                    sum += from[at]
                    to[at] = sum
                    at += step
                }
            }
        }
        return output
    }
}
