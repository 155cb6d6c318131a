import ConcordTensors

/// What an evaluation of all held-out rows takes, measured on growing parts of them.
struct EvaluationMeasurement {
    /// Of an evaluation of all rows.
    private(set) var seconds = 0.0
    /// Of its tensors at most, those that were there before not included.
    private(set) var bytes = 0

    /// Rows that warm up: kernels are compiled, caches filled.
    private static var warmUpRows: Double { 256 }

    private struct Point {
        let fraction: Double
        let seconds: Double
        let bytes: Int
    }

    /// - Parameter seconds: about what the larger of the two parts takes that are measured after the warm-up.
    init(of embedder: Embedder, on data: TrainingData, seconds: Double) throws {
        func measured(_ fraction: Double) throws -> Point {
            let part = fraction < 1 ? data.thinned(to: fraction) : data, started = ContinuousClock.now
            let bytes = try Allocator.peak { _ = try embedder.report(on: part, isQuick: true) }
            return Point(fraction: fraction, seconds: (ContinuousClock.now - started).inSeconds, bytes: bytes)
        }
        var points = [try measured(min(1, Self.warmUpRows / Double(max(1, data.rowCount))))]
        for duration in [0.3 * seconds, seconds] {
            guard let last = points.last, last.fraction < 1 || points.count == 1 else { break }
            let fraction = min(1, last.fraction * max(2, duration / max(1e-3, last.seconds)))
            if last.fraction == 1, last.seconds > duration { break }
            points.append(try measured(fraction))
        }
        guard let last = points.last else { return }
        (self.seconds, bytes) = (last.seconds, last.bytes)
        guard last.fraction < 1, let before = points.dropLast().last else { return }
        // Embedding is proportional to the rows, and so is nearly everything else.
        let rest = (1 - last.fraction) / (last.fraction - before.fraction)
        self.seconds += max(0, last.seconds - before.seconds) * rest
        bytes += Int(Double(max(0, last.bytes - before.bytes)) * rest)
    }
}
