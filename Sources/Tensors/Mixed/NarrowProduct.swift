import CBridges
import CKernels

/// Products of bfloat16 matrices, added up in float32.
enum NarrowProduct {
    /// `op(a) op(b) (+ bias)` of dense matrices, in parallel.
    /// - Parameters:
    ///   - a: `[m, k]` or, transposed, `[k, m]`; b: `[k, n]` or `[n, k]`; both bfloat16.
    ///   - bias: `[n]`, float32.
    ///   - type: of the result, float32 or bfloat16.
    /// - Returns: `[m, n]`.
    static func of(
        _ a: Tensor, transposed transposesA: Bool = false, _ b: Tensor, transposed transposesB: Bool = false, bias: Tensor? = nil,
        _ m: Int, _ n: Int, _ k: Int, as type: ElementType
    ) -> Tensor {
        of(
            a.storage, b.storage, weight: nil, bias: bias, as: type,
            OneDNNProduct.Form(
                m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB, hasBias: bias != nil, isWide: type == .float32))
    }

    /// - Parameter b: nil where `weight` is to be packed.
    private static func of(
        _ a: Storage, _ b: Storage?, weight: Tensor?, bias: Tensor?, as type: ElementType, _ form: OneDNNProduct.Form
    ) -> Tensor {
        let output = Tensor(uninitialized: [form.m, form.n], type)
        guard output.count > 0 else { return output }
        guard form.k > 0 else {
            let rows = (bias ?? Tensor(zeros: [form.n])).broadcasted(to: output.shape)
            return rows.cast(to: type)
        }
        let product = OneDNNProduct.cached(form)
        if let factor = b ?? weight.map({ product.packed($0.widened) }) { product.run(a, factor, bias: bias, into: output.storage) }
        return output
    }

    /// `x weight` or `x weightᵀ (+ bias)`, with a float32 weight that is rounded once for each version of it.
    /// - Parameters:
    ///   - x: `[m, k]`, bfloat16; weight: `[k, n]` or, transposed, `[n, k]`.
    /// - Returns: `[m, n]`, bfloat16.
    static func of(_ x: Tensor, weight: Tensor, transposed: Bool, bias: Tensor? = nil, _ m: Int, _ n: Int, _ k: Int) -> Tensor {
        let form = OneDNNProduct.Form(m: m, n: n, k: k, transposesB: transposed, packsB: true, hasBias: bias != nil)
        return of(x.storage, nil, weight: weight, bias: bias, as: .bfloat16, form)
    }

    /// `c = alpha op(a) op(b) + beta c` on this thread alone, for blocks inside a parallel loop; rows lie lda, ldb, ldc elements apart.
    static func serial(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<UInt16>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<UInt16>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        guard m > 0, n > 0, k > 0 else {
            if beta == 0 { for row in 0..<m { (c + row * ldc).update(repeating: 0, count: n) } }
            return
        }
        guard concord_has_narrow_gemm() else {
            let x = widened(a, lda, rows: transposeA ? k : m, width: transposeA ? m : k)
            let y = widened(b, ldb, rows: transposeB ? n : k, width: transposeB ? k : n)
            return Product.serial(
                m, n, k, alpha, x.floats, transposeA ? m : k, transposeA, y.floats, transposeB ? k : n, transposeB, beta, c, ldc)
        }
        _ = Threads.claim()  // it opens a region by itself, outside of one; on the wrong thread it must not
        let status = concord_narrow_gemm(
            transposeA, transposeB, Int64(m), Int64(n), Int64(k), alpha, a, Int64(lda), b, Int64(ldb), beta, c, Int64(ldc))
        ShapeCheck.require(status == 0, "matmul", "oneDNN refused [\(m), \(k)] x [\(k), \(n)] in bfloat16: status \(status)")
    }

    private static func widened(_ x: UnsafePointer<UInt16>, _ stride: Int, rows: Int, width: Int) -> Tensor {
        let output = Tensor(uninitialized: [rows, width])
        concord_widen_rows(output.floats, width, x, stride, rows, width)
        return output
    }
}
