/// How operands of different shapes are combined, with neighboring axes merged as far as every operand allows.
///
/// Shapes are aligned at their last axes; a size of one, or a missing axis, repeats (NumPy's rule). What is
/// left after merging is blocks of rows and columns for a kernel: same shapes are one row, `[..., C]` with `[C]` is
/// rows against one row, `[N, C]` with `[N, 1]` is rows against one element each.
struct BroadcastPlan {
    /// The result's shape.
    let shape: [Int]
    let rows: Int, columns: Int
    /// Elements between an operand's neighboring rows, and columns: 0 where it repeats.
    let rowStrides: [Int], columnStrides: [Int]
    /// Both of one operand.
    func strides(of operand: Int) -> (row: Int, column: Int) { (rowStrides[operand], columnStrides[operand]) }

    /// Sizes of the axes outside of rows and columns, and each operand's strides along them.
    private let outer: [Int]
    private let outerStrides: [[Int]]

    /// One run of rows and columns: where it starts in the output and in every operand.
    struct Block {
        var output: Int
        var operands: (Int, Int, Int)
        var rows: Int, columns: Int
    }

    init(_ shapes: [[Int]], in operation: String) {
        shape = Self.shape(of: shapes, in: operation)
        var sizes: [Int] = []
        var strides = [[Int]](repeating: [], count: shapes.count)
        var steps = [Int](repeating: 1, count: shapes.count)  // each operand's stride at the axis under way
        for place in 0..<shape.count {
            let size = shape[shape.count - 1 - place]
            let own = shapes.indices.map { (k: Int) -> Int in
                let sizeHere = place < shapes[k].count ? shapes[k][shapes[k].count - 1 - place] : 1
                defer { steps[k] *= sizeHere }
                return sizeHere == size ? steps[k] : 0
            }
            if size == 1 { continue }
            if let inner = sizes.last, shapes.indices.allSatisfy({ own[$0] == (strides[$0].last ?? 0) * inner }) {
                sizes[sizes.count - 1] *= size
            } else {
                sizes.append(size)
                for k in shapes.indices { strides[k].append(own[k]) }
            }
        }
        // The innermost axis is first here.
        columns = sizes.first ?? 1
        rows = sizes.count > 1 ? sizes[1] : 1
        columnStrides = strides.map { $0.first ?? 1 }
        rowStrides = strides.map { $0.count > 1 ? $0[1] : 0 }
        outer = Array(sizes.dropFirst(2))
        outerStrides = strides.map { Array($0.dropFirst(2)) }
    }

    static func shape(of shapes: [[Int]], in operation: String) -> [Int] {
        var result = shapes[0]
        for other in shapes.dropFirst() where other != result {
            let rank = max(result.count, other.count)
            result = (0..<rank).map { axis in
                let a = axis - rank + result.count, b = axis - rank + other.count
                let p = a < 0 ? 1 : result[a], q = b < 0 ? 1 : other[b]
                ShapeCheck.require(
                    p == q || p == 1 || q == 1, operation,
                    "\(shapes.map { "\($0)" }.joined(separator: " with ")) do not broadcast")
                return p == 1 ? q : p
            }
        }
        return result
    }

    /// Runs `body` over blocks that cover the whole, on the thread pool.
    func run(_ body: (Block) -> Void) {
        let outerCount = outer.reduce(1, *)
        if outerCount * rows == 1 {
            Parallel.run(columns, grain: Elementwise.grain) { range in
                let start = range.lowerBound
                body(
                    Block(output: start, operands: offsets { start * columnStrides[$0] }, rows: 1, columns: range.count)
                )
            }
            return
        }
        Parallel.run(outerCount * rows, grain: max(1, Elementwise.grain / max(1, columns))) { range in
            var row = range.lowerBound
            while row < range.upperBound {
                let block = row / rows, first = row % rows
                let count = min(rows - first, range.upperBound - row)
                body(
                    Block(
                        output: row * columns,
                        operands: offsets { outerOffset(of: $0, block) + first * rowStrides[$0] }, rows: count,
                        columns: columns))
                row += count
            }
        }
    }

    private func offsets(_ offset: (Int) -> Int) -> (Int, Int, Int) {
        let count = rowStrides.count
        return (offset(0), count > 1 ? offset(1) : 0, count > 2 ? offset(2) : 0)
    }

    private func outerOffset(of operand: Int, _ block: Int) -> Int {
        var rest = block, offset = 0
        for (size, stride) in zip(outer, outerStrides[operand]) {
            offset += rest % size * stride
            rest /= size
        }
        return offset
    }
}

extension Tensor {
    /// This value repeated along axes of size one, and along new leading axes, until it has the given shape.
    /// - Parameter shape: what the operand broadcasts to by NumPy's rule.
    public func broadcasted(to shape: [Int]) -> Tensor {
        if shape == self.shape { return self }
        let plan = BroadcastPlan([self.shape, shape], in: "broadcasted")
        ShapeCheck.require(plan.shape == shape, "broadcasted", "\(self.shape) does not broadcast to \(shape)")
        return Kernels.broadcast(self, plan).recorded(from: self) { [own = self.shape] upstream, _ in
            [upstream.summed(to: own)]
        }
    }

    /// The sum over every axis along which a value of the given shape was repeated: broadcasting's adjoint.
    package func summed(to shape: [Int]) -> Tensor {
        if shape == self.shape { return self }
        let missing = rank - shape.count
        let axes = (0..<rank).filter { $0 < missing || (shape[$0 - missing] == 1 && self.shape[$0] != 1) }
        return sum(axes: axes).reshaped(shape)
    }
}
