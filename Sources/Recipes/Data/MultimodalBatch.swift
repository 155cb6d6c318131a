public import ConcordLayers
public import ConcordTensors

/// What a recipe's objective gets: the modalities of N samples, each of those that have it.
public struct MultimodalBatch: Sendable {
    /// `[n, H, W, 3]`, normalised.
    public var image: Available<Tensor>?
    /// `[n, T]`.
    public var text: Available<Tokens>?
    /// `[n, S]`.
    public var audio: Available<Waveform>?
    /// Another view of the same samples' images and sounds, where the objective compares two.
    public var secondImage: Available<Tensor>?
    public var secondAudio: Available<Waveform>?
    /// `[N]` int32: samples of equal number are each other's positives; nil where only a sample's own are.
    public var labels: Tensor?

    /// Both views of the images; nil where there are none.
    public var imageViews: Available<Views<Tensor>>? { Self.views(image, secondImage) }
    /// Both views of the sounds; nil where there are none.
    public var audioViews: Available<Views<Waveform>>? { Self.views(audio, secondAudio) }

    private static func views<Input>(
        _ first: Available<Input>?, _ second: Available<Input>?
    ) -> Available<Views<Input>>? {
        guard let first, let second else { return nil }
        let views = Views(first: first.input, second: second.input)
        return first.rows.map { Available(views, rows: $0, of: first.count) } ?? Available(views, count: first.count)
    }
}
