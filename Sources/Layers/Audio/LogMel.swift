public import ConcordTensors

/// Log-mel frames of waveforms: how much sound there is in each band of pitch, frame by frame.
///
///     y = log(|DFT(window * x)|^power filters)
///
/// ```swift
/// let front = LogMel(.init(rate: 16000, hop: 160, mels: 80))            // frames 10 ms apart
/// let frames = front(waveform)                                          // [N, T, 80]
/// ```
///
/// A clip's frames are what they would be without the padding behind it, and zero beyond its end. There is nothing to
/// learn here and no gradient to the samples: the result is a constant to every tape.
///
/// - Source: the defaults and the arithmetic are torchaudio's `MelSpectrogram` and `AmplitudeToDB`. Where a clip is
///   shorter than half a window, which torchaudio refuses, it is reflected more than once; `decibels(below:)` looks for
///   the loudest value in the clip, where torchaudio looks in the batch.
public final class LogMel: Module {
    /// The settings.
    public let configuration: Configuration
    private let spectrogram: Spectrogram

    /// - Precondition: the configuration's sizes are possible.
    public init(_ configuration: Configuration = Configuration()) {
        let c = configuration
        func require(_ condition: Bool, _ message: @autoclosure () -> String) {
            ShapeCheck.require(condition, "LogMel", message())
        }
        require(c.rate > 0 && c.hop > 0 && c.mels > 0, "rate \(c.rate), hop \(c.hop), \(c.mels) mels")
        require(
            c.window > 1 && c.window <= c.fftSize, "a window of \(c.window) samples in a transform of \(c.fftSize)")
        require(c.frequencies.lowerBound >= 0, "frequencies \(c.frequencies)")
        self.configuration = c
        let bins = c.fftSize / 2 + 1
        let filters = Tensor(
            c.scale.filters(
                c.mels, bins: bins, top: Double(c.rate / 2), range: c.frequencies,
                isSlaneyNormalized: c.isSlaneyNormalized),
            shape: [bins, c.mels])
        spectrogram = Spectrogram(
            fftSize: c.fftSize, window: c.window, hop: c.hop, isCentered: c.isCentered, power: c.power,
            filters: filters)
    }

    /// Size of a frame.
    public var outputDimension: Int { configuration.mels }

    /// Frames of a clip of `samples` samples.
    public func frameCount(of samples: Int) -> Int { configuration.frameCount(of: samples) }

    /// - Parameter waveform: N clips at the configuration's rate.
    /// - Returns: `[N, T, mels]`, T = `frameCount(of: waveform.length)`.
    public func callAsFunction(_ waveform: Waveform) -> Tensor {
        let c = configuration
        ShapeCheck.require(waveform.rate == c.rate, "LogMel", "\(waveform.rate) samples a second, \(c.rate) wanted")
        let frames = frameCount(of: waveform.length), counts = waveform.lengths.map(frameCount(of:))
        return spectrogram(
            waveform.samples, lengths: waveform.lengths, counts: counts, frames: frames, logarithm: c.logarithm,
            isStandardized: c.isStandardized)
    }
}
