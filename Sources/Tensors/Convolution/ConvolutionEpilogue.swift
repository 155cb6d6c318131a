import CKernels

/// What follows a convolution in inference, in the same pass over its output where the way that computes it can:
/// `max(0, y + residual)`.
struct ConvolutionEpilogue {
    /// Of the output's element type.
    var residual: Tensor?
    var rectifies = false

    var isEmpty: Bool { residual == nil && !rectifies }

    /// Puts into the output's memory what is added to it.
    func prepare(_ output: Tensor) {
        guard let residual else { return }
        let (to, from) = (output.storage.base, residual.storage.base)
        Parallel.run(output.storage.bytes, grain: 4 * Elementwise.grain) { bytes in
            (to + bytes.lowerBound).copyMemory(from: from + bytes.lowerBound, byteCount: bytes.count)
        }
    }

    /// The same in a pass of its own, in place, with a bias `[C]` that is still to be added.
    func finish(_ output: Tensor, bias: Tensor?) {
        guard !isEmpty || bias != nil, let channels = output.shape.last, channels > 0 else { return }
        let (y, b, r) = (output.elementPointer, bias?.float32Pointer, residual?.elementPointer)
        Parallel.run(output.count / channels, grain: max(1, Elementwise.grain / channels)) { rows in
            let at = rows.lowerBound * channels
            concord_channel_finish(
                (y + at).base, b, r.map { ($0 + at).base }, y.isBFloat16, rows.count, channels, rectifies)
        }
    }
}
