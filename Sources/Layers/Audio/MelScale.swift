#if canImport(Glibc)
    import Glibc
#endif

/// How pitch grows with frequency.
public enum MelScale: Sendable {
    /// `2595 log10(1 + f / 700)`: the HTK toolkit's, and torchaudio's default.
    case htk
    /// Linear below 1000 Hz, logarithmic above: Slaney's Auditory Toolbox, and librosa's default.
    case slaney

    func mels(_ hertz: Double) -> Double {
        switch self {
        case .htk: 2595 * log10(1 + hertz / 700)
        case .slaney: hertz < 1000 ? hertz * 3 / 200 : 15 + log(hertz / 1000) / Self.step
        }
    }

    func hertz(_ mels: Double) -> Double {
        switch self {
        case .htk: 700 * (pow(10, mels / 2595) - 1)
        case .slaney: mels < 15 ? mels * 200 / 3 : 1000 * exp(Self.step * (mels - 15))
        }
    }

    private static let step = log(6.4) / 27

    /// Triangular filters with their corners evenly apart in mels, as torchaudio's `melscale_fbanks`.
    /// - Parameters:
    ///   - bins: frequencies from 0 to `top`, evenly apart.
    ///   - range: lowest and highest corner in hertz.
    ///   - isSlaneyNormalized: whether filters are scaled by 2 over their width in hertz.
    /// - Returns: `[bins, filters]`, row by row.
    func filters(
        _ filters: Int, bins: Int, top: Double, range: ClosedRange<Double>, isSlaneyNormalized: Bool
    ) -> [Float] {
        let low = mels(range.lowerBound), high = mels(range.upperBound)
        let corners = (0..<filters + 2).map { hertz(low + (high - low) * Double($0) / Double(filters + 1)) }
        return (0..<bins).flatMap { bin in
            let frequency = top * Double(bin) / Double(max(1, bins - 1))
            return (0..<filters).map { m in
                let rise = (frequency - corners[m]) / (corners[m + 1] - corners[m])
                let fall = (corners[m + 2] - frequency) / (corners[m + 2] - corners[m + 1])
                return Float(max(0, min(rise, fall)) * (isSlaneyNormalized ? 2 / (corners[m + 2] - corners[m]) : 1))
            }
        }
    }
}
