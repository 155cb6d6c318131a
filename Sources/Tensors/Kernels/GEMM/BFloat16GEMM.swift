import CBridges
import CKernels

/// Matrix products of bfloat16 factors, summed in float32.
enum BFloat16GEMM {
    /// `op(a) op(b) (+ bias)` of dense matrices, in parallel.
    /// - Parameters:
    ///   - a: `[m, k]` or, transposed, `[k, m]`; b: `[k, n]` or `[n, k]`; both bfloat16.
    ///   - bias: `[n]`, float32.
    ///   - type: of the result, float32 or bfloat16.
    /// - Returns: `[m, n]`.
    static func multiplied(
        _ a: Tensor, transposed transposesA: Bool = false, _ b: Tensor, transposed transposesB: Bool = false,
        bias: Tensor? = nil,
        _ m: Int, _ n: Int, _ k: Int, as type: ElementType
    ) -> Tensor {
        guard m > 0, n > 0, k > 0 else { return constant(bias, m, n, as: type) }
        let output = Tensor(uninitialized: [m, n], type)
        if transposesA, type == .float32, bias == nil {
            // A weight's gradient: here gemm is up to a third faster than the matmul primitive.
            serial(
                m, n, k, 1, a.bfloat16Pointer, m, true, b.bfloat16Pointer, transposesB ? k : n, transposesB, 0,
                output.float32Pointer, n)
        } else {
            let form = OneDNNMatmul.Form(
                m: m, n: n, k: k, isBFloat16: true, transposesA: transposesA, transposesB: transposesB,
                hasBias: bias != nil, outputsFloat32: type == .float32)
            OneDNNMatmul.cached(form).run(
                a.storage.base, b.storage.base, bias: bias?.float32Pointer, into: output.storage.base)
        }
        return output
    }

    /// `x weight` or `x weightᵀ (+ bias)`, with a float32 weight that is rounded and packed on the way.
    /// - Parameters:
    ///   - x: `[m, k]`, bfloat16; weight: `[k, n]` or, transposed, `[n, k]`.
    /// - Returns: `[m, n]`, bfloat16.
    static func multiplied(
        _ x: Tensor, weight: Tensor, transposed: Bool, bias: Tensor? = nil, _ m: Int, _ n: Int, _ k: Int
    ) -> Tensor {
        guard m > 0, n > 0, k > 0 else { return constant(bias, m, n, as: .bfloat16) }
        let output = Tensor(uninitialized: [m, n], .bfloat16)
        multiply(x, weight: weight, transposed: transposed, bias: bias, m, n, k, into: output.storage.base)
        return output
    }

    /// The same into memory.
    static func multiply(
        _ x: Tensor, weight: Tensor, transposed: Bool, bias: Tensor?, _ m: Int, _ n: Int, _ k: Int,
        into output: UnsafeMutableRawPointer
    ) {
        let product = OneDNNMatmul.cached(
            OneDNNMatmul.Form(
                m: m, n: n, k: k, isBFloat16: true, transposesB: transposed, packsB: true, hasBias: bias != nil))
        let packed = product.packed(weight.asFloat32)
        withExtendedLifetime(packed) {
            product.run(x.storage.base, packed.base, bias: bias?.float32Pointer, into: output)
        }
    }

    /// A product with an inner size of zero: the bias or zero everywhere.
    private static func constant(_ bias: Tensor?, _ m: Int, _ n: Int, as type: ElementType) -> Tensor {
        (bias ?? Tensor(zeros: [n])).broadcasted(to: [m, n]).cast(to: type)
    }

    /// `c = alpha op(a) op(b) + beta c`, inside of a parallel loop on this thread alone; rows are lda, ldb, ldc
    /// elements apart.
    static func serial(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<UInt16>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<UInt16>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
        _ ldc: Int
    ) {
        guard alpha == 1 else {
            // oneDNN 2.6 takes six times as long with another factor.
            if beta != 0 { concord_scale_rows(c, ldc, 1 / alpha, m, n) }
            serial(m, n, k, 1, a, lda, transposeA, b, ldb, transposeB, beta, c, ldc)
            return concord_scale_rows(c, ldc, alpha, m, n)
        }
        guard m > 0, n > 0, k > 0 else {
            if beta == 0 { for row in 0..<m { (c + row * ldc).update(repeating: 0, count: n) } }
            return
        }
        guard concord_has_bfloat16_gemm() else {
            let x = asFloat32(a, lda, rows: transposeA ? k : m, width: transposeA ? m : k)
            let y = asFloat32(b, ldb, rows: transposeB ? n : k, width: transposeB ? k : n)
            return GEMM.serial(
                m, n, k, alpha, x.float32Pointer, transposeA ? m : k, transposeA, y.float32Pointer, transposeB ? k : n,
                transposeB,
                beta, c, ldc)
        }
        _ = Threads.forLibrary(dividingSums: GEMM.mayDivideSums(m, n, k, transposeA: transposeA))
        let status = concord_bfloat16_gemm(
            transposeA, transposeB, Int64(m), Int64(n), Int64(k), alpha, a, Int64(lda), b, Int64(ldb), beta, c,
            Int64(ldc))
        requireSuccess(status, in: "matmul", "oneDNN refused [\(m), \(k)] x [\(k), \(n)] in bfloat16: status \(status)")
    }

    private static func asFloat32(_ x: UnsafePointer<UInt16>, _ stride: Int, rows: Int, width: Int) -> Tensor {
        let output = Tensor(uninitialized: [rows, width])
        concord_bfloat16_to_float32_rows(output.float32Pointer, width, x, stride, rows, width)
        return output
    }
}
