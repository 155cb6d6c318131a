import CBridges
import CSoxr
import ConcordTensors

/// A change of rate, by libsoxr at its high quality.
struct Resampler {
    let from: Int, to: Int
    /// Samples in and out between two moments at which both rates have a sample.
    private let inputs: Int, outputs: Int

    init(from: Int, to: Int) {
        (self.from, self.to) = (from, to)
        var (a, b) = (from, to)
        while b > 0 { (a, b) = (b, a % b) }
        (inputs, outputs) = (from / a, to / a)
    }

    /// Samples that `frames` become: those before the input's end, as in torchaudio.
    func count(of frames: Int) -> Int { (frames * outputs + inputs - 1) / inputs }

    /// Input that decides a window of the output.
    ///
    /// It begins where both rates have a sample, and is wide enough on both sides for the filter, so that
    /// the window is what it would be in the whole.
    /// - Parameters:
    ///   - window: samples of the output.
    ///   - frames: samples of the whole input.
    /// - Returns: the part of the input, and how many samples of its output are before the window.
    func input(for window: Range<Int>, of frames: Int) -> (range: Range<Int>, skipped: Int) {
        let margin = Self.reach * max(1, (from + to - 1) / to)
        let first = max(0, window.lowerBound * inputs / outputs - margin) / inputs
        let last = min(frames, (window.upperBound * inputs + outputs - 1) / outputs + margin)
        return (first * inputs..<max(first * inputs, last), window.lowerBound - first * outputs)
    }

    /// Samples of the lower rate that the filters reach to either side; libsoxr's reach about 100.
    private static let reach = 512

    /// Output samples `skipped ..< skipped + count` of an input; beyond the input's ends there is silence.
    func resampled(_ input: [Float], skipped: Int = 0, count: Int) -> [Float] {
        var reason: UnsafePointer<CChar>?
        guard let handle = concord_resampler_make(Double(from), Double(to), &reason) else {
            ShapeCheck.fail(
                "resampled", "libsoxr refuses \(from) to \(to): \(reason.map { String(cString: $0) } ?? "")")
        }
        defer { soxr_delete(handle) }
        var output = [Float](unsafeUninitializedCapacity: skipped + count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            func feed(_ input: UnsafeBufferPointer<Float>) {
                var used = 0
                while used < input.count, filled < buffer.count {
                    var taken = 0, given = 0
                    soxr_process(
                        handle, input.baseAddress.map { $0 + used }, input.count - used, &taken, base + filled,
                        buffer.count - filled,
                        &given)
                    used += taken
                    filled += given
                    if taken + given == 0 { break }
                }
            }
            input.withUnsafeBufferPointer(feed)
            // It rounds the number of samples that are due at the end: some silence behind makes it give the last one.
            [Float](repeating: 0, count: (from + to - 1) / to + 1).withUnsafeBufferPointer(feed)
            while filled < buffer.count {
                var given = 0
                soxr_process(handle, nil, 0, nil, base + filled, buffer.count - filled, &given)
                if given == 0 { break }
                filled += given
            }
            buffer[filled...].initialize(repeating: 0)
            filled = buffer.count
        }
        if skipped > 0 { output.removeFirst(skipped) }
        return output
    }
}

extension Audio {
    /// The sound at another rate; what is above half of the lower rate is filtered out.
    ///
    /// libsoxr's high quality: linear phase, no delay, 20 bits.
    /// - Parameter rate: samples a second, in `Audio.rates`.
    public func resampled(to rate: Int) -> Audio {
        ShapeCheck.require(
            Self.rates.contains(rate), "resampled", "\(rate) samples a second, \(Self.rates) are possible")
        if rate == self.rate { return self }
        let change = Resampler(from: self.rate, to: rate)
        return Audio(change.resampled(samples, count: change.count(of: count)), rate: rate)
    }
}
