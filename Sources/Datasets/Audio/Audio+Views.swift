public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

extension Audio {
    /// What comes in where a sound is shorter than wanted.
    public enum Filling: String, Sendable, CaseIterable {
        /// It stays as short as it is; `Waveform` pads it and knows how long it was.
        case nothing
        /// Silence behind it.
        case silence
        /// The sound as often as it fits whole, then silence: CLAP's `repeatpad`.
        case repeats
    }

    /// A part.
    /// - Parameter range: samples, inside the sound.
    public func cropped(to range: Range<Int>) -> Audio {
        ShapeCheck.require(
            range.lowerBound >= 0 && range.upperBound <= count, "cropped", "\(range) of a sound of \(count) samples")
        return Audio(Array(samples[range]), rate: rate)
    }

    /// A part of `length` samples from a random place; a sound that is shorter is filled up.
    public func randomCrop(to length: Int, filling: Filling = .silence, using key: RandomKey) -> Audio {
        guard count > length else { return filled(to: length, filling) }
        var random = key.derived("sound crop").sequence
        let start = random.integer(below: count - length + 1)
        return cropped(to: start..<start + length)
    }

    /// The middle `length` samples, for evaluation; a sound that is shorter is filled up.
    public func centerCrop(to length: Int, filling: Filling = .silence) -> Audio {
        guard count > length else { return filled(to: length, filling) }
        let start = (count - length) / 2
        return cropped(to: start..<start + length)
    }

    /// At least `length` samples, but for `.nothing`; longer sounds stay.
    public func filled(to length: Int, _ filling: Filling = .silence) -> Audio {
        guard count < length, filling != .nothing else { return self }
        var samples = samples
        samples.reserveCapacity(length)
        if filling == .repeats, count > 0 { for _ in 1..<max(1, length / count) { samples += self.samples } }
        samples += repeatElement(0, count: length - samples.count)
        return Audio(samples, rate: rate)
    }

    /// Louder, or softer below 0.
    public func amplified(byDecibels gain: Float) -> Audio {
        let factor = Self.factor(gain)
        return Audio(samples.map { $0 * factor }, rate: rate)
    }

    /// Every sample with its sign changed.
    public func inverted() -> Audio { Audio(samples.map { -$0 }, rate: rate) }

    /// Later by `offset` samples, earlier below 0, of the same length: silence comes in at one end.
    public func shifted(by offset: Int) -> Audio {
        let silence = [Float](repeating: 0, count: min(abs(offset), count))
        return Audio(
            offset >= 0 ? silence + samples.dropLast(offset) : samples.dropFirst(-offset) + silence, rate: rate)
    }

    /// With white Gaussian noise, softer than the sound by `ratio` decibels.
    /// - Parameter ratio: of the sound's mean energy to the noise's.
    public func withNoise(decibelsBelow ratio: Float, using key: RandomKey) -> Audio {
        let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(1, count))
        let std = Float(energy.squareRoot()) * Self.factor(-ratio)
        let noise = Tensor(normal: 0, std: std, shape: [count], key: key.derived("noise")),
            values = noise.float32Pointer
        return Audio(samples.indices.map { samples[$0] + values[$0] }, rate: rate)
    }

    /// What amplitudes are multiplied with.
    private static func factor(_ decibels: Float) -> Float { Float(pow(10, Double(decibels) / 20)) }
}
