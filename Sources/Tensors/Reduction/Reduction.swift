import CKernels

/// Loops that reduce axes. Where a long axis is cut for the thread pool the cuts depend on the shape alone, so that any
/// number of threads gives the same bits.
enum Reduction {
    typealias Kernel =
        @convention(c) (UnsafeMutablePointer<Float>?, Int, UnsafePointer<Float>?, Int, Int, Int, Int, Int, Float) ->
        Void

    /// Elements in a piece of an axis that is cut.
    private static let piece = 1 << 16
    /// Columns a thread takes at a time.
    private static let tile = 512

    /// In float32: `x` reduced over `axes` (distinct, not negative), which are dropped from the shape; the last pass
    /// multiplies by `scale`.
    static func run(_ x: Tensor, axes: [Int], scale: Float = 1, _ kernel: Kernel) -> Tensor {
        let kept = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
        // Neighbouring axes that share a fate are one; the innermost reduced run goes first.
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
        let rows = max(32, (piece + inner - 1) / max(1, inner))  // of a piece
        let pieces = (reduced + rows - 1) / rows
        if pieces > 1, outer * inner < piece / 2 {
            let partial = cut(x, outer: outer, reduced: reduced, inner: inner, rows: rows, pieces: pieces, kernel)
            return pass(partial, outer: outer, reduced: pieces, inner: inner, scale: scale, kernel)
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

    /// Every piece of `rows` rows reduced by itself, to `[outer, pieces, inner]`.
    private static func cut(
        _ x: Tensor, outer: Int, reduced: Int, inner: Int, rows: Int, pieces: Int, _ kernel: Kernel
    ) -> Tensor {
        let output = Tensor(uninitialized: [outer, pieces, inner])
        let o = output.float32Pointer, p = x.float32Pointer
        Parallel.run(outer * pieces) { range in
            for index in range {
                let first = index % pieces * rows
                kernel(
                    o + index * inner, 0, p + (index / pieces * reduced + first) * inner, 0, inner, 1,
                    min(rows, reduced - first), inner, 1)
            }
        }
        return output
    }
}

extension Tensor {
    /// Axes counted from the end when negative, each once, in order.
    func axes(_ axes: [Int], in operation: String) -> [Int] {
        let resolved = axes.map { axis($0, in: operation) }.sorted()
        ShapeCheck.require(Set(resolved).count == resolved.count, operation, "axes \(axes) of \(shape) repeat")
        return resolved
    }

    /// The shape with `axes` of size one, or without them.
    func shape(reducing axes: [Int], keepingAxes: Bool) -> [Int] {
        keepingAxes
            ? shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
            : shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    }
}
