import ConcordTensors

extension Tensor {
    /// Huber's loss of each element, with threshold 1: `x^2 / 2` near 0, `|x| - 1/2` beyond 1.
    func huber() -> Tensor {
        let x = abs(), near = x.minimum(Tensor(1))
        return near * (x - near * 0.5)
    }
}
