public import ConcordLayers
import ConcordTensors

extension Waveform {
    /// A batch of sounds of one rate, padded with silence behind, to the longest or to `length`.
    ///
    /// - Parameters:
    ///   - sounds: at least one.
    ///   - length: samples of every row; no sound may be longer.
    public init(_ sounds: [Audio], length: Int? = nil) {
        guard let rate = sounds.first?.rate else { ShapeCheck.fail("Waveform", "no sounds") }
        ShapeCheck.require(
            sounds.allSatisfy { $0.rate == rate }, "Waveform",
            "the sounds are not all of \(rate) samples a second; resample them")
        self.init(sounds.map(\.samples), length: length, rate: rate)
    }
}
