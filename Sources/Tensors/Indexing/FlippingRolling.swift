extension Tensor {
    /// The elements of an axis in reverse order.
    public func flipped(axis: Int) -> Tensor {
        let size = shape[self.axis(axis, in: "flipped")]
        return gathered(at: Tensor((0..<size).reversed().map(Int32.init), shape: [size]), axis: axis)
    }

    /// The elements of an axis moved by `shift` places; what leaves at the end enters at the start, as `torch.roll`
    /// does.
    public func rolled(by shift: Int, axis: Int) -> Tensor {
        let size = shape[self.axis(axis, in: "rolled")]
        guard size > 0 else { return self }
        let places = (0..<size).map { Int32((($0 - shift) % size + size) % size) }
        return gathered(at: Tensor(places, shape: [size]), axis: axis)
    }
}
