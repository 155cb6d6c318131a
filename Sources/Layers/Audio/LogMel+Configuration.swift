public import ConcordTensors

extension LogMel {
    /// The settings of a front end; torchaudio's defaults.
    public struct Configuration: Sendable, Equatable {
        /// Samples a second.
        public var rate: Int
        /// Samples of the Fourier transform: PyTorch's `n_fft`.
        public var fftSize: Int
        /// Samples of the Hann window, in the middle of the transform.
        public var window: Int
        /// Samples between the starts of frames.
        public var hop: Int
        /// Bands.
        public var mels: Int
        /// From the lowest band's lower corner to the highest's upper one, in hertz.
        public var frequencies: ClosedRange<Double>
        /// How bands are spaced in frequency.
        public var scale: MelScale
        /// Whether bands are scaled by their width, as librosa's are.
        public var isSlaneyNormalized: Bool
        /// 2 for energies, 1 for magnitudes.
        public var power: Float
        /// Whether frame t is centered on sample `t * hop`, the clip reflected at its ends; otherwise it begins there.
        public var isCentered: Bool
        /// How energies become their logarithms.
        public var logarithm: Logarithm
        /// Whether each band of each clip is brought to mean 0 and standard deviation 1 over the clip's frames. The
        /// standard deviation is the unbiased one plus 1e-5, where s3prl's CMVN has 1e-10, which blows rounding errors
        /// up where a band is silent.
        public var isStandardized: Bool

        /// - Parameters:
        ///   - window: `fftSize` where nil.
        ///   - hop: half the window where nil.
        ///   - frequencies: up to half the rate where nil.
        public init(
            rate: Int = 16000, fftSize: Int = 400, window: Int? = nil, hop: Int? = nil, mels: Int = 128,
            frequencies: ClosedRange<Double>? = nil, scale: MelScale = .htk, isSlaneyNormalized: Bool = false,
            power: Float = 2,
            isCentered: Bool = true, logarithm: Logarithm = .decibels(below: nil), isStandardized: Bool = false
        ) {
            (self.rate, self.fftSize, self.mels, self.scale, self.isSlaneyNormalized) = (
                rate, fftSize, mels, scale, isSlaneyNormalized
            )
            (self.power, self.isCentered, self.logarithm, self.isStandardized) = (
                power, isCentered, logarithm, isStandardized
            )
            self.window = window ?? fftSize
            self.hop = hop ?? (window ?? fftSize) / 2
            self.frequencies = frequencies ?? 0...Double(rate / 2)
        }

        /// Bands that no frequency of the transform falls into: they are silent whatever is heard. There are some where
        /// the bands are narrower than `rate / fftSize` hertz.
        public var emptyBandCount: Int {
            let low = scale.mels(frequencies.lowerBound), high = scale.mels(frequencies.upperBound)
            let corners = (0..<mels + 2).map { scale.hertz(low + (high - low) * Double($0) / Double(mels + 1)) }
            let bins = fftSize / 2 + 1, step = Double(rate / 2) / Double(max(1, bins - 1))
            return (0..<mels).count { band in
                let next = (corners[band] / step).rounded(.down) + 1
                return next >= Double(bins) || next * step >= corners[band + 2]
            }
        }

        /// Bytes of the matrices of the spectrum: none where a fast Fourier transform takes their place.
        package var spectrumBytes: Double {
            Spectrogram.needsMatrices(fftSize: fftSize) ? Double(window) * Double(fftSize + 2) * 4 : 0
        }

        /// Frames of a clip of `samples` samples.
        public func frameCount(of samples: Int) -> Int {
            if isCentered { return samples > 0 ? 1 + samples / hop : 0 }
            return samples >= fftSize ? 1 + (samples - fftSize) / hop : 0
        }

        /// The fewest samples of a clip of so many frames.
        public func sampleCount(for frames: Int) -> Int {
            guard frames > 0 else { return 0 }
            return isCentered ? max(1, (frames - 1) * hop) : fftSize + (frames - 1) * hop
        }

        /// 80 bands of 25 ms windows 10 ms apart, each clip brought to mean 0 and standard deviation 1.
        ///
        /// - Source: Chung et al. 2019, arXiv:1904.03240 (autoregressive predictive coding), by s3prl's settings; the
        ///   frames are torchaudio's, without the pre-emphasis and the window of Kaldi's.
        public static func speech(rate: Int = 16000) -> Configuration {
            Configuration(
                rate: rate, fftSize: rate / 40, hop: rate / 100, mels: 80, logarithm: .natural(offset: 1e-6),
                isStandardized: true)
        }
    }

    /// How amounts of sound become their logarithms.
    public typealias Logarithm = AmplitudeLogarithm
}
