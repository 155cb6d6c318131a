extension Tensor {
    /// Sums of the elements up to each place of an axis.
    public func cumulativeSum(axis: Int) -> Tensor {
        let axis = self.axis(axis, in: "cumulativeSum")
        return Kernels.cumulativeSum(asFloat32, axis: axis).recorded(from: self) { upstream, _ in
            [Kernels.cumulativeSum(upstream, axis: axis, isReversed: true)]
        }
    }
}
