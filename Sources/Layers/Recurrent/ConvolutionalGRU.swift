public import ConcordTensors

/// Gated recurrent units over feature maps: each place's state is updated from its neighbors', so that what moves can
/// be followed.
///
///     r, z = sigmoid(conv(x) + conv(h)),   n = tanh(conv(x) + r * conv(h)),   h = (1 - z) * n + z * h
///
/// ```swift
/// let context = ConvolutionalGRU(64, hidden: 64, height: 16, width: 16)
/// let c = context(maps)                                                 // [N, T, 16 * 16 * 64] -> the same
/// ```
///
/// Steps are feature maps as vectors, in the order row, column, channel. In checkpoints: `inputs.weight`,
/// `inputs.bias`, `states.weight`, `states.bias`, whose output channels are those of r, z and n.
/// - Source: Ballas, Yao, Pal, Courville 2016, "Delving deeper into convolutional networks for learning video
///   representations", arXiv:1511.06432, eqs. 7 to 10. The reset gate is applied behind the convolution of the state,
///   as in `torch.nn.GRU`, so that a step is one convolution.
public final class ConvolutionalGRU: SequenceLayer {
    /// Of the input, to `3 * hidden` channels.
    public let inputs: Conv2d
    /// Of the state, to `3 * hidden` channels.
    public let states: Conv2d
    /// Rows, columns and channels of the state.
    public let height, width, hidden: Int
    private let channels: Int

    /// `height * width * hidden`.
    public var outputDimension: Int { height * width * hidden }

    /// - Parameters:
    ///   - channels: of the input's maps.
    ///   - hidden: channels of the state.
    ///   - kernel: side of the convolutions, odd.
    public init(_ channels: Int, hidden: Int, height: Int, width: Int, kernel: Int = 3) {
        ShapeCheck.require(
            channels > 0 && hidden > 0 && height > 0 && width > 0 && kernel % 2 == 1, "ConvolutionalGRU",
            "\(channels) channels, \(hidden) hidden, maps of \(height) x \(width), kernel \(kernel)")
        inputs = Conv2d(channels, 3 * hidden, kernel: kernel, padding: kernel / 2)
        states = Conv2d(hidden, 3 * hidden, kernel: kernel, padding: kernel / 2)
        (self.height, self.width, self.hidden, self.channels) = (height, width, hidden, channels)
    }

    /// - Parameters:
    ///   - x: `[N, T, H * W * C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil. Elsewhere the state is carried over and the
    ///     output is zero.
    /// - Returns: `[N, T, H * W * hidden]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let (count, steps) = (x.shape[0], x.shape[1])
        ShapeCheck.require(
            x.rank == 3 && x.shape[2] == height * width * channels, "ConvolutionalGRU",
            "input \(x.shape) for maps of \(height) x \(width) x \(channels)")
        let gates = inputs(x.reshaped([count * steps, height, width, channels]))
            .reshaped([count, steps, height, width, 3 * hidden])
        var state = Tensor(zeros: [count, height, width, hidden]), outputs: [Tensor] = []
        for step in 0..<steps {
            let own = gates.sliced(step..<step + 1, axis: 1).reshaped([count, height, width, 3 * hidden])
            let before = states(state)
            func part(_ gates: Tensor, _ index: Int) -> Tensor {
                gates.sliced(index * hidden..<(index + 1) * hidden, axis: 3)
            }
            let reset = (part(own, 0) + part(before, 0)).sigmoid(), update = (part(own, 1) + part(before, 1)).sigmoid()
            let new = (part(own, 2) + reset * part(before, 2)).tanh()
            var next = new + update * (state - new)
            var output = next
            if let mask {
                let real = mask.sliced(step..<step + 1, axis: 1).reshaped([count, 1, 1, 1])
                next = real.selecting(next, otherwise: state)
                output = real.selecting(output, otherwise: 0)
            }
            state = next
            outputs.append(output.reshaped([count, 1, outputDimension]))
        }
        return Tensor.concatenated(outputs, axis: 1)
    }
}
