public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Predicts the colors of an image from its lightness: what things are must be understood for that.
///
/// The encoder sees the lightness in all channels. Its last feature map, enlarged by transposed convolutions, predicts
/// for every cell of a grid a distribution over bins of the mean color there.
///
///     loss = mean over cells of  w(bin of the cell) · -sum over bins q of  target_q ln softmax(predicted)_q
///     w(q) ∝ 1 / (r p_q + (1 - r) / Q),  scaled so that  sum of p_q w(q) = 1
///
/// ```swift
/// let colorization = Colorization(ResNet(depth: 18, stem: .cifar), mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25])
/// let loss = colorization(images)                                       // [N, S, S, 3], normalized by mean and std
/// ```
/// The frequencies p of bins are a running mean over training batches, from 1/Q, so that w is 1 at first; `ln Q` at
/// chance. Metrics: `accuracy`, the fraction of cells whose nearest bin is predicted. In checkpoints: `encoder.…`,
/// `deconvs`, `norms`, `classifier`, `frequencies`.
/// - Source: Zhang, Isola, Efros 2016, arXiv:1603.08511, equations 2 to 4. Deviations: the paper estimates p beforehand
///   and smooths it; the target is the mean color of a cell, theirs that of one pixel of it; gray images count too.
public final class Colorization: ImageObjective {
    /// Square images `[N, S, S, 3]`, normalized.
    public typealias Input = Tensor

    /// The encoder, which is kept after training; embed what `lightness(of:)` returns.
    public let encoder: any FeatureMapEncoder
    /// Each doubles the sides of the feature map.
    public let deconvs: [ConvTranspose2d]
    /// Behind every one of `deconvs`.
    public let norms: [BatchNorm]
    /// To the bins.
    public let classifier: Linear
    /// p of every bin in the training data so far, `[Q]`.
    public let frequencies: Buffer
    /// Classes of colors.
    public let bins: ColorBins
    /// r: how strongly rare colors are rebalanced; none at 0, in inverse proportion to their frequency at 1.
    public let rebalancing: Float
    /// Mean and standard deviation that the images' channels were normalized by.
    public let mean: [Float], std: [Float]
    /// How quickly `frequencies` follow the newest batch.
    public let momentum: Float = 0.01

    /// - Parameters:
    ///   - encoder: of square images.
    ///   - mean, std: that the images' three channels were normalized by.
    ///   - doublings: of the feature map's sides, in `0 ...`; the target's cells are so much smaller. 4 pixels in the
    ///     paper, and where nil.
    ///   - width: channels of the enlarged maps.
    ///   - rebalancing: r in `0 ... 1`; 0.5 in the paper.
    public init(
        _ encoder: any FeatureMapEncoder, mean: [Float], std: [Float], doublings: Int? = nil, width: Int = 64,
        bins: ColorBins = ColorBins(), rebalancing: Float = 0.5
    ) {
        var most = 0
        while encoder.stride >> (most + 1) > 0, encoder.stride % (2 << most) == 0 { most += 1 }
        let doublings = doublings ?? max(0, most - 2)
        ShapeCheck.require(
            mean.count == 3 && std.count == 3 && (0...most).contains(doublings) && (0...1).contains(rebalancing),
            "Colorization", "\(mean.count) means, \(doublings) doublings of stride \(encoder.stride)")
        self.encoder = encoder
        deconvs = (0..<doublings).map {
            ConvTranspose2d(
                $0 == 0 ? encoder.mapDimension : width, width, kernel: 4, stride: 2, padding: 1, bias: false)
        }
        norms = (0..<doublings).map { _ in BatchNorm(width) }
        classifier = Linear(doublings == 0 ? encoder.mapDimension : width, bins.count)
        frequencies = Buffer(Tensor(repeating: 1 / Float(bins.count), shape: [bins.count]))
        (self.bins, self.rebalancing) = (bins, rebalancing)
        (self.mean, self.std) = (mean, std)
    }

    /// Side in pixels of a cell.
    public var cell: Int { encoder.stride >> deconvs.count }

    /// The loss of images, in the surrounding mode; in training mode `frequencies` follow them.
    /// - Precondition: the sides are multiples of the encoder's stride.
    public func callAsFunction(_ images: Tensor) -> Loss {
        let lab = lab(of: images)
        let logits = logits(lightness(lab)).reshaped([-1, bins.count])  // [M, Q]
        let ab = lab.sliced(1..<3, axis: 3).averagePooled2d(kernel: cell)  // [N, h, w, 2]
        let (nearest, weights) = bins.encoded(ab.reshaped([-1, 2]))
        let own = nearest.sliced(0..<1, axis: 1).reshaped([-1])
        let entropies = -(logits.logSoftmax().takingAlong(nearest, axis: 1) * weights).sum(axis: 1)  // [M]
        let loss = (entropies * binWeights.gathered(at: own)).mean()
        if Computation.isTraining { follow(nearest, weights) }
        let correct = logits.detached.argmax(axis: 1) .== own
        return Loss(loss, metrics: [("accuracy", correct.converted(to: .float32).mean())])
    }

    /// The distribution's logits `[N, h, w, Q]` from what `lightness(of:)` returns.
    public func logits(_ lightness: Tensor) -> Tensor {
        var maps = encoder.features(lightness)
        for (deconv, norm) in zip(deconvs, norms) { maps = norm(deconv(maps), activation: .relu) }
        return classifier(maps)
    }

    /// The lightness of normalized images, from 0 to 1, in all three channels and normalized like them.
    /// - Parameter images: `[N, H, W, 3]`.
    public func lightness(of images: Tensor) -> Tensor { lightness(lab(of: images)) }

    private func lightness(_ lab: Tensor) -> Tensor {
        (lab.sliced(0..<1, axis: 3) / 100 - Tensor(mean, shape: [3])) / Tensor(std, shape: [3])
    }

    private func lab(of images: Tensor) -> Tensor {
        LabColor.lab((images.detached * Tensor(std, shape: [3]) + Tensor(mean, shape: [3])).clamped(to: 0...1))
    }

    /// w of every bin.
    var binWeights: Tensor {
        let p = frequencies.value.scalars.map(Double.init), r = Double(rebalancing), q = Double(bins.count)
        let weights = p.map { 1 / (r * $0 + (1 - r) / q + 1e-12) }
        let sum = zip(p, weights).reduce(0) { $0 + $1.0 * $1.1 }
        return Tensor(weights.map { Float($0 / sum) }, shape: [bins.count])
    }

    private func follow(_ nearest: Tensor, _ weights: Tensor) {
        var counts = [Double](repeating: 0, count: bins.count)
        for (bin, weight) in zip(nearest.integerScalars, weights.scalars) { counts[Int(bin)] += Double(weight) }
        let rows = Double(max(1, nearest.shape[0]))
        let newest = Tensor(counts.map { Float($0 / rows) }, shape: [bins.count])
        frequencies.assign(frequencies.value * (1 - momentum) + newest * momentum)
    }
}
