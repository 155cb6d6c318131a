import CKernels

/// Pointwise convolutions with a stride, as a residual network's shortcuts: the places that they skip are left out
/// first, and what is left is a pointwise convolution without a stride.
///
/// oneDNN 2.6 leaves them out inside its primitive; there the weights' gradient of fewer than 16 channels over an odd
/// number of samples writes over the caller's stack (`jit_1x1:avx512_core`, two threads).
enum StridedPointwise {
    static func suit(_ g: ConvolutionGeometry) -> Bool {
        g.kernel == .init(1, 1) && g.padding == .init(0, 0) && g.stride != .init(1, 1)
    }

    /// The same over the places that are left.
    static func dense(_ g: ConvolutionGeometry) -> ConvolutionGeometry {
        var dense = g
        (dense.height, dense.width, dense.stride) = (g.outHeight, g.outWidth, .init(1, 1))
        return dense
    }

    /// The places that the convolution looks at, `[N, H', W', C]`.
    static func seen(_ input: Tensor, _ g: ConvolutionGeometry) -> Tensor {
        let output = Tensor(uninitialized: [g.batch, g.outHeight, g.outWidth, g.channels], input.elementType)
        let (from, to) = (input.storage.base, output.storage.base), bytes = g.channels * input.elementType.size
        forEachRow(of: g) { seen, place in
            concord_copy_rows(to + seen * bytes, bytes, from + place * bytes, g.stride.width * bytes, g.outWidth, bytes)
        }
        return output
    }

    /// `seen`'s adjoint: the gradient at those places, zero at the others.
    static func spread(_ gradient: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let output = Tensor(zeros: shape, gradient.elementType)
        let (from, to) = (gradient.storage.base, output.storage.base), bytes = g.channels * gradient.elementType.size
        forEachRow(of: g) { seen, place in
            concord_copy_rows(to + place * bytes, g.stride.width * bytes, from + seen * bytes, bytes, g.outWidth, bytes)
        }
        return output
    }

    /// The first place of every row of outputs, and that of the input that it looks at.
    private static func forEachRow(of g: ConvolutionGeometry, _ body: (_ seen: Int, _ place: Int) -> Void) {
        Parallel.run(g.batch * g.outHeight, grain: Rows.grain(g.outWidth * g.channels)) { rows in
            for row in rows {
                let (sample, y) = (row / g.outHeight, row % g.outHeight)
                body(row * g.outWidth, (sample * g.height + y * g.stride.height) * g.width)
            }
        }
    }
}
