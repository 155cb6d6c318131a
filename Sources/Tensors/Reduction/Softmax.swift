extension Tensor {
    /// `e^x / sum(e^x)` over an axis, float32; where every element is -infinity, zeros.
    /// - Parameter axis: counted from the end when negative.
    public func softmax(axis: Int = -1) -> Tensor {
        overLastAxis(axis, "softmax") { x in
            let output = Kernels.softmax(x.asFloat32)
            return output.recorded(from: x, name: "softmax") { upstream, _ in
                [Kernels.softmaxPullback(upstream, output: output)]
            }
        }
    }

    /// `x - log(sum(e^x))` over an axis, float32.
    /// - Parameter axis: counted from the end when negative.
    public func logSoftmax(axis: Int = -1) -> Tensor {
        overLastAxis(axis, "logSoftmax") { x in
            let output = Kernels.logSoftmax(x.asFloat32)
            return output.recorded(from: x, name: "logSoftmax") { upstream, _ in
                [Kernels.logSoftmaxPullback(upstream, output: output)]
            }
        }
    }

    /// `log(sum(e^x))` over an axis, which is dropped from the shape, float32; -infinity over an empty axis.
    /// - Parameter axis: counted from the end when negative.
    public func logSumExp(axis: Int = -1) -> Tensor {
        let place = self.axis(axis, in: "logSumExp")
        let given = place == rank - 1 ? self : movingAxisToEnd(place), input = given.asFloat32.detached
        let output = Kernels.logSumExp(input)
        return output.recorded(from: given) { upstream, _ in
            [Kernels.logSumExpPullback(upstream, input: input, output: output)]
        }
    }

    private func overLastAxis(_ axis: Int, _ operation: String, _ body: (Tensor) -> Tensor) -> Tensor {
        let place = self.axis(axis, in: operation)
        return place == rank - 1 ? body(self) : body(movingAxisToEnd(place)).movingAxisFromEnd(place)
    }

    private func movingAxisToEnd(_ axis: Int) -> Tensor {
        permuted(shape.indices.filter { $0 != axis } + [axis])
    }

    private func movingAxisFromEnd(_ axis: Int) -> Tensor {
        permuted(Array(0..<axis) + [rank - 1] + Array(axis..<rank - 1))
    }
}
