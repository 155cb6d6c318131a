public import ConcordLayers
public import ConcordTensors

/// An input that goes on in time, and can be cut into segments of equal length: videos, audio.
public protocol Segmentable: Sendable {
    /// Number N of samples.
    var count: Int { get }
    /// Each sample cut into `segments` parts of equal length, what is left at its end being dropped: N * segments
    /// samples, those of a sample in their order.
    func cut(into segments: Int) -> Self
}

extension Video: Segmentable {
    /// - Precondition: as many frames as segments, or more.
    public func cut(into segments: Int) -> Video {
        let each = length / segments
        ShapeCheck.require(each > 0, "Video.cut", "\(length) frames into \(segments) segments")
        return Video(
            frames.sliced(0..<each * segments, axis: 1).reshaped([count * segments, each] + frames.shape[2...]))
    }
}

extension Waveform: Segmentable {
    /// Each clip's real samples are cut: a clip of half the length has segments of half the length. Those of a clip of
    /// fewer samples than segments are one sample of silence.
    public func cut(into segments: Int) -> Waveform {
        let values = samples.scalars
        let parts = lengths.enumerated().flatMap { clip, own -> [[Float]] in
            let each = own / segments, start = clip * length
            return (0..<segments).map { part in
                each == 0 ? [0] : Array(values[start + part * each..<start + (part + 1) * each])
            }
        }
        return Waveform(parts, rate: rate)
    }
}

/// Predicts in which order the segments of a clip were shuffled: what comes before and after must be understood for
/// that.
///
/// The encoder sees each segment alone. A clip is seen once, in an order drawn by its sample's key.
///
///     loss = mean over clips of  -ln softmax(head(encoder(segment 1), …, encoder(segment n)))_order
///
/// ```swift
/// let order = TemporalOrder(VideoEncoder(frame: ResNet(depth: 18)), segments: 4)
/// let loss = order(clips)                                               // [N, T, H, W, 3]
/// ```
/// An order and its reversal are one class where `isReversible`, as much that moves looks right both ways: n! / 2
/// classes, and `ln(n! / 2)` at chance. Metrics: `accuracy`. In checkpoints: `encoder.…`, `head.tile`, `head.hidden`,
/// `head.classifier`.
/// - Source: Lee, Huang, Singh, Yang 2017, "Unsupervised representation learning by sorting sequences",
///   arXiv:1708.01246, section 3. Deviations: the classifier sees all segments together, theirs pairs of frames; a
///   segment may have several frames; no channel is dropped.
public final class TemporalOrder<E: FeatureEncoder>: Objective where E.Input: Segmentable {
    /// Clips of video or audio.
    public typealias Input = E.Input

    /// The encoder of a segment, which is kept after training.
    public let encoder: E
    /// From the segments' embeddings to the orders.
    public let head: TileClassifier
    /// Segments n of a clip.
    public let segments: Int
    /// The place that each segment of an order comes from.
    public let orders: [[Int]]
    private let isReversible: Bool

    /// - Parameters:
    ///   - segments: n of a clip, 2 to 5; 3 or more where an order and its reversal are one.
    ///   - isReversible: whether an order and its reversal are one class.
    ///   - width: of a segment's code.
    ///   - hidden: of the layer over all segments.
    public init(_ encoder: E, segments: Int = 4, isReversible: Bool = true, width: Int = 128, hidden: Int = 512) {
        ShapeCheck.require(
            (isReversible ? 3...5 : 2...5).contains(segments), "TemporalOrder", "\(segments) segments")
        let all = (1...segments).reduce(1, *)
        let set = PermutationSet(all, of: segments)
        // Of an order and its reversal the one whose first segment is the earlier.
        orders = (0..<all).map { set[$0] }.filter { !isReversible || $0[0] < $0[segments - 1] }
        self.encoder = encoder
        head = TileClassifier(
            encoder.outputDimension, tiles: segments, width: width, hidden: hidden, classes: orders.count)
        (self.segments, self.isReversible) = (segments, isReversible)
    }

    /// Shuffles the clips' segments by their samples' keys and returns their loss, in the surrounding mode.
    public func callAsFunction(_ clips: E.Input) -> Loss {
        let drawn = Computation.sampleKeys(count: clips.count).map { key -> (order: Int, isReversed: Bool) in
            var random = key.derived("order").sequence
            return (random.integer(below: orders.count), isReversible && random.bernoulli(0.5))
        }
        return self(clips, orders: drawn.map(\.order), reversed: drawn.map(\.isReversed))
    }

    /// The loss of clips whose orders are known.
    /// - Parameters:
    ///   - orders: one a clip, an index into `orders`.
    ///   - reversed: whether a clip's segments are seen in the reversal of its order.
    public func callAsFunction(_ clips: E.Input, orders chosen: [Int], reversed: [Bool]) -> Loss {
        let count = clips.count
        let codes = head.codes(encoder(clips.cut(into: segments)))  // [N n, width]
        let places = zip(chosen, reversed).enumerated().flatMap { clip, drawn -> [Int32] in
            let order = drawn.1 ? orders[drawn.0].reversed() : orders[drawn.0]
            return order.map { Int32(clip * segments + $0) }
        }
        let shuffled = codes.gathered(at: Tensor(places, shape: [count * segments])).reshaped([count, -1])
        return .classification(head(shuffled), labels: Tensor(chosen.map { Int32($0) }, shape: [count]))
    }
}

extension TemporalOrder: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    /// The mean over the clips of all microbatches.
    public func lossWithGradient(of clips: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(clips) else { return Microbatches.wholeWithGradient { self(clips) } }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            (self(input.rows(rows)), weight: Double(rows.count))
        }
    }
}
