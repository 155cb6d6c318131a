public import ConcordTensors

/// From vectors to images: a linear layer to a small map, then transposed convolutions that double its sides.
///
///     relu(expand(x)) as [h, w, C],   relu(norm(deconv(…))) with C / 2, C / 4, … channels,   deconv to the image
///
/// ```swift
/// let decoder = ConvolutionalDecoder(256, channels: 128, height: 4, width: 4, doublings: 4)
/// let frames = decoder(states)                                          // [N, 256] -> [N, 64, 64, 3]
/// ```
///
/// Without `inputs` the vectors are the smallest maps themselves, `[h w C]`, and there is no linear layer.
///
/// Transposed convolutions are 4x4 with stride 2 and padding 1; all but the last have no bias and are followed by batch
/// normalization and ReLU. In checkpoints: `expand`, `deconvs.0` …, `norms.0` ….
/// - Source: the generator of Radford, Metz, Chintala 2015, arXiv:1511.06434, section 3, with a bias and no tanh at the
///   end, and ReLU without a normalization behind the linear layer.
public final class ConvolutionalDecoder: Module {
    /// From a vector to the smallest map, `[h w C, D]`; its rows are in the order row, column, channel. Nil where
    /// vectors are such maps.
    public let expand: Linear?
    /// Each doubles the sides; the last has as many channels as the image.
    public let deconvs: [ConvTranspose2d]
    /// Behind every one of `deconvs` but the last.
    public let norms: [BatchNorm]
    /// Rows and columns of the smallest map, and its channels C.
    public let height: Int, width: Int, channels: Int

    /// - Parameters:
    ///   - inputs: D of a vector; nil for vectors that are maps.
    ///   - channels: C of the smallest map; halved by each doubling, so a multiple of `2^(doublings - 1)`.
    ///   - height, width: of the smallest map.
    ///   - doublings: of its sides, at least 1.
    ///   - outputs: channels of the image.
    public init(
        _ inputs: Int?, channels: Int = 128, height: Int = 4, width: Int = 4, doublings: Int = 4, outputs: Int = 3
    ) {
        ShapeCheck.require(
            doublings > 0 && height > 0 && width > 0 && channels % (1 << (doublings - 1)) == 0 && channels > 0,
            "ConvolutionalDecoder",
            "\(channels) channels of \(height) x \(width) cannot be halved \(doublings - 1) times")
        expand = inputs.map { Linear($0, height * width * channels) }
        deconvs = (0..<doublings).map { step in
            let isLast = step == doublings - 1
            return ConvTranspose2d(
                channels >> step, isLast ? outputs : channels >> (step + 1), kernel: 4, stride: 2, padding: 1,
                bias: isLast)
        }
        norms = (0..<doublings - 1).map { BatchNorm(channels >> ($0 + 1)) }
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// - Parameter x: `[N, D]`.
    /// - Returns: `[N, h 2^doublings, w 2^doublings, outputs]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        decoded((expand.map { $0(x).relu() } ?? x).reshaped([x.shape[0], height, width, channels]))
    }

    /// The part behind the linear layer.
    /// - Parameter maps: `[N, h, w, C]`, of any sides.
    /// - Returns: `[N, h 2^doublings, w 2^doublings, outputs]`.
    public func decoded(_ maps: Tensor) -> Tensor {
        var maps = maps
        for (step, deconv) in deconvs.enumerated() {
            maps = deconv(maps)
            if step < norms.count { maps = norms[step](maps, activation: .relu) }
        }
        return maps
    }
}
