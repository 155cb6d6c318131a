/// Which factors of a product are transposed in their last two axes.
public enum Transposition: Sendable {
    /// None.
    case neither
    /// The first factor.
    case left
    /// The second factor.
    case right
    /// Both factors.
    case both

    var transposesLeft: Bool { self == .left || self == .both }
    var transposesRight: Bool { self == .right || self == .both }
}

extension Tensor {
    /// The matrix product `op(self) op(b)`.
    ///
    /// - Parameters:
    ///   - b: `[K, N]` for `self` `[..., M, K]` (all leading axes are rows), or with leading axes equal to `self`'s,
    ///     one product each.
    ///   - transposing: the factors that are stored transposed: `[K, M]` on the left, `[N, K]` on the
    ///     right.
    /// - Returns: `[..., M, N]`; bfloat16 under that precision, with gradients of the factors' own types.
    /// - Precondition: the inner sizes are equal; with leading axes on `self` alone the left is not transposed.
    public func matmul(_ b: Tensor, transposing: Transposition = .neither) -> Tensor {
        let isBFloat16 = Precision.isBFloat16(for: self, b), types = (elementType, b.elementType)
        let left = isBFloat16 ? detached.asBFloat16 : detached, right = isBFloat16 ? b.detached.asBFloat16 : b.detached
        let output = Matmul.multiplied(left, right, transposing, as: isBFloat16 ? .bfloat16 : .float32)
        return output.recorded(from: self, b) { upstream, needs in
            let flat = right.rank < left.rank  // the leading axes are rows
            let (m, k) = Matmul.rows(left), n = upstream.shape.last ?? 1
            let x = flat ? left.viewed(as: [m, k]) : left, dy = flat ? upstream.viewed(as: [m, n]) : upstream
            var dx: Tensor?, dw: Tensor?
            switch transposing {
            case .neither:
                if needs[0] { dx = Matmul.multiplied(dy, right, .right, as: types.0) }
                if needs[1] { dw = Matmul.multiplied(x, dy, .left, as: types.1) }
            case .left:
                if needs[0] { dx = Matmul.multiplied(right, dy, .right, as: types.0) }
                if needs[1] { dw = Matmul.multiplied(x, dy, .neither, as: types.1) }
            case .right:
                if needs[0] { dx = Matmul.multiplied(dy, right, .neither, as: types.0) }
                if needs[1] { dw = Matmul.multiplied(dy, x, .left, as: types.1) }
            case .both:
                if needs[0] { dx = Matmul.multiplied(right, dy, .both, as: types.0) }
                if needs[1] { dw = Matmul.multiplied(dy, x, .both, as: types.1) }
            }
            return [dx?.viewed(as: left.shape), dw]
        }
    }
}

/// The sizes of one product, or of a batch of equal ones.
private struct Matmul {
    let m: Int, n: Int, k: Int, batch: Int
    let shape: [Int]
    let transposing: Transposition

    init(_ a: Tensor, _ b: Tensor, _ transposing: Transposition) {
        func refuse(_ why: String) -> Never {
            ShapeCheck.fail("matmul", "\(a.shape) x \(b.shape) (transposing \(transposing)): \(why)")
        }
        guard a.rank >= 2, b.rank >= 2 else { refuse("matrices wanted") }
        self.transposing = transposing
        let leading = Array(a.shape.dropLast(2))
        let rows = a.shape[a.rank - 2], columns = a.shape[a.rank - 1]
        let (inner, outer) = (b.shape[b.rank - 2], b.shape[b.rank - 1])
        n = transposing.transposesRight ? inner : outer
        k = transposing.transposesLeft ? rows : columns
        guard (transposing.transposesRight ? outer : inner) == k else { refuse("inner sizes differ") }
        if b.rank == 2, a.rank > 2 {
            guard !transposing.transposesLeft else { refuse("a left factor with leading axes cannot be transposed") }
            m = leading.reduce(rows, *)
            batch = 1
            shape = leading + [rows, n]
        } else {
            guard Array(b.shape.dropLast(2)) == leading else { refuse("leading axes differ") }
            m = transposing.transposesLeft ? columns : rows
            batch = leading.reduce(1, *)
            shape = leading + [m, n]
        }
    }

    /// All leading axes of the left factor as rows, and its columns.
    static func rows(_ x: Tensor) -> (Int, Int) { (x.shape.dropLast().reduce(1, *), x.shape[x.rank - 1]) }

    /// The product of two float32 or two bfloat16 factors, a constant.
    static func multiplied(_ a: Tensor, _ b: Tensor, _ transposing: Transposition, as type: ElementType) -> Tensor {
        let product = Matmul(a, b, transposing)
        MultiplyAdds.count(.matmul, product.batch * product.m * product.n * product.k)
        guard a.elementType == .bfloat16 else {
            let output = Tensor(uninitialized: product.shape)
            product.run(a, b, into: output)
            return output
        }
        if product.batch == 1 {
            return BFloat16GEMM.multiplied(
                a, transposed: transposing.transposesLeft, b, transposed: transposing.transposesRight, product.m,
                product.n, product.k,
                as: type
            ).viewed(as: product.shape)
        }
        let output = Tensor(uninitialized: product.shape)
        product.runBFloat16(a, b, into: output)
        return output.cast(to: type)
    }

    /// A batch of products of bfloat16 factors.
    private func runBFloat16(_ a: Tensor, _ b: Tensor, into output: Tensor) {
        let x = a.bfloat16Pointer, y = b.bfloat16Pointer, z = output.float32Pointer, left = transposing.transposesLeft,
            right = transposing.transposesRight
        guard m * n * k > 0 else { return z.update(repeating: 0, count: output.count) }
        Parallel.run(batch, grain: max(1, 500_000 / (m * n * k))) { range in
            for i in range {
                BFloat16GEMM.serial(
                    m, n, k, 1, x + i * m * k, left ? m : k, left, y + i * k * n, right ? k : n, right, 0,
                    z + i * m * n, n)
            }
        }
    }

    func run(_ a: Tensor, _ b: Tensor, into output: Tensor) {
        let x = a.float32Pointer, y = b.float32Pointer, z = output.float32Pointer
        let (m, n, k) = (m, n, k)
        let left = transposing.transposesLeft, right = transposing.transposesRight
        let lda = left ? m : k, ldb = right ? k : n
        guard k > 0, n > 0, m > 0 else {
            z.update(repeating: 0, count: output.count)
            return
        }
        if batch >= 2 * Threads.count {
            Parallel.run(batch, grain: max(1, 100_000 / (m * n * k))) { range in
                for i in range {
                    GEMM.serial(m, n, k, 1, x + i * m * k, lda, left, y + i * k * n, ldb, right, 0, z + i * m * n, n)
                }
            }
        } else {
            for i in 0..<batch {
                GEMM.multiply(
                    m: m, n: n, k: k, x + i * m * k, transposeA: left, y + i * k * n, transposeB: right,
                    into: z + i * m * n)
            }
        }
    }
}

extension Tensor {
    /// Calls `body` for each row of this matrix, in order, with its products with all rows of another, in float32;
    /// a block of rows is computed at a time.
    /// - Parameter other: `[M, D]`, float32; `self` is `[N, D]`, float32.
    package func forEachRow(ofProductWith other: Tensor, _ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
        forEachBlock(ofProductWith: other) { rows, products in
            let width = other.shape[0]
            for row in rows {
                let first = (row - rows.lowerBound) * width
                body(row, UnsafeBufferPointer(rebasing: products[first..<first + width]))
            }
        }
    }

    /// Calls `body` for each block of rows, in order, with their products with all rows of another, in float32.
    /// - Parameter other: `[M, D]`, float32; `self` is `[N, D]`, float32.
    package func forEachBlock(
        ofProductWith other: Tensor, _ body: (Range<Int>, UnsafeBufferPointer<Float>) -> Void
    ) {
        ShapeCheck.require(
            rank == 2 && other.rank == 2 && shape[1] == other.shape[1], "forEachBlock(ofProductWith:)",
            "\(shape) with \(other.shape)")
        let count = shape[0], others = other.shape[0], width = shape[1], block = 1024
        MultiplyAdds.count(.matmul, count * others * width)
        let products = Tensor(uninitialized: [min(block, count), others])
        let x = float32Pointer, y = other.float32Pointer, z = products.float32Pointer
        for first in stride(from: 0, to: count, by: block) {
            let rows = min(block, count - first)
            GEMM.multiply(
                m: rows, n: others, k: width, x + first * width, lda: width, y, ldb: width, transposeB: true, z,
                ldc: others)
            body(first..<first + rows, UnsafeBufferPointer(start: z, count: rows * others))
        }
    }
}
