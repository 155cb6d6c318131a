import CKernels

extension Tensor {
    /// `gelu(x + bias)` with the exact GELU, in one pass over memory each way.
    ///
    /// - Parameter bias: `[C]`; `self` is `[..., C]`.
    /// - Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, eq. 2 (erf form).
    public func biasedGELU(_ bias: Tensor) -> Tensor {
        ShapeCheck.lastAxis(of: self, matches: bias, in: "biasedGELU")
        let rows = Rows.count(of: self), width = bias.count
        let input = detached, addend = bias.detached.asFloat32
        let make = { @Sendable () -> Tensor in
            let output = Tensor(uninitialized: input.shape, input.elementType)
            let x = input.elementPointer, b = addend.float32Pointer, y = output.elementPointer
            Rows.run(rows, width: width, slots: 2, isBFloat16: x.isBFloat16) { range, staging in
                concord_biased_gelu(staging.place(y, range, 0), staging.read(x, range, 1), b, range.count, width)
                staging.write(y, range, 0)
            }
            return output
        }
        let output = make()
        return output.recorded(from: self, bias) { upstream, needs in
            let dx = Tensor(uninitialized: input.shape, input.elementType)  // [..., C]
            let x = input.elementPointer, b = addend.float32Pointer, dy = upstream.elementPointer,
                to = dx.elementPointer
            let sums = Rows.summing(rows, width: width, sums: 1) { range, sum in
                Float32Staging.run(range, width: width, slots: 3, isNeeded: x.isBFloat16) { range, staging in
                    concord_biased_gelu_pullback(
                        staging.place(to, range, 0), sum, staging.read(dy, range, 1), staging.read(x, range, 2), b,
                        range.count,
                        width)
                    staging.write(to, range, 0)
                }
            }
            return [needs[0] ? dx : nil, needs[1] ? sums[0] : nil]  // [..., C], [C]
        }.rematerialized(as: SavedForBackward(output, by: make))
    }
}
