extension Tensor {
    /// `self ? a : b`, element by element, float32; the three shapes broadcast. `self` is a uint8 mask.
    public func selecting(_ a: Tensor, otherwise b: Tensor) -> Tensor {
        let output = Kernels.select(self, a, b)
        let mask = self
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            let zero = Tensor(0)
            return [
                needs[0] ? Kernels.select(mask, upstream, zero).summed(to: shapes.0) : nil,
                needs[1] ? Kernels.select(mask, zero, upstream).summed(to: shapes.1) : nil,
            ]
        }
    }

    /// `self ? a : b` with one number for b.
    public func selecting(_ a: Tensor, otherwise b: Float) -> Tensor { selecting(a, otherwise: Tensor(b)) }

    /// The smaller of two, broadcasting; NaN wins. At ties each operand gets half of the gradient, as PyTorch's.
    public func minimum(_ other: Tensor) -> Tensor {
        let output = Kernels.binary(.minimum, self, other, in: "minimum")
        return output.recorded(from: self, other) {
            [a = detached.asFloat32, b = other.detached.asFloat32] upstream, needs in
            [
                needs[0] ? Kernels.maximumPullback(upstream, b, over: a).summed(to: a.shape) : nil,
                needs[1] ? Kernels.maximumPullback(upstream, a, over: b).summed(to: b.shape) : nil,
            ]
        }
    }

    /// The larger of two, broadcasting; NaN wins. At ties each operand gets half of the gradient, as PyTorch's.
    public func maximum(_ other: Tensor) -> Tensor {
        let output = Kernels.binary(.maximum, self, other, in: "maximum")
        return output.recorded(from: self, other) {
            [a = detached.asFloat32, b = other.detached.asFloat32] upstream, needs in
            [
                needs[0] ? Kernels.maximumPullback(upstream, a, over: b).summed(to: a.shape) : nil,
                needs[1] ? Kernels.maximumPullback(upstream, b, over: a).summed(to: b.shape) : nil,
            ]
        }
    }

    /// Every element moved into a range; the gradient passes inside of it, ends included. NaN stays.
    public func clamped(to range: ClosedRange<Float>) -> Tensor {
        let x = detached.asFloat32
        return Kernels.clamp(x, to: range).recorded(from: self) { upstream, _ in
            [Kernels.clampPullback(upstream, at: x, to: range)]
        }
    }
}
