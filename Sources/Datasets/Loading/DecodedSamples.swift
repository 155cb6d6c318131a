import ConcordFiles
public import ConcordTensors

/// Samples before any random choice, so that they are the same in every epoch and can be kept: decoded images.
///
/// ```swift
/// let images = table.samples(loading: { try Image(contentsOf: $0.path("filepath")).resized(shortestSide: 72) })
///     .cached()
///     .augmented { image, random in image.flippedRandomly(using: random.nextKey()) }
/// ```
public struct DecodedSamples<D: Sendable>: Sendable {
    /// Number of samples.
    public let count: Int
    let load: @Sendable (Int) throws -> D
    let name: @Sendable (Int) -> String
    /// Of what is kept in memory; nil where nothing is.
    package var filling: (@Sendable () -> CacheFilling)?

    /// - Parameter load: makes sample `0 ..< count`, the same each time; called on several threads at once.
    public init(
        count: Int, named name: @escaping @Sendable (Int) -> String = { "sample \($0)" },
        _ load: @escaping @Sendable (_ index: Int) throws -> D
    ) {
        (self.count, self.name, self.load) = (count, name, load)
    }

    /// Keeps what was loaded, up to a limit; what comes after it is loaded each time.
    /// - Parameters:
    ///   - limit: bytes kept at most; nil for a quarter of the memory that is free now.
    ///   - size: bytes that a sample takes.
    public func cached(limit: Int? = nil, size: @escaping @Sendable (D) -> Int) -> DecodedSamples {
        let free = MemoryLimit.physical?.available ?? 1 << 30
        let cache = SampleCache<D>(count: count, limit: limit ?? free / 4), load = load
        var cached = DecodedSamples(count: count, named: name) { index in
            if let kept = cache[index] { return kept }
            let sample = try load(index)
            cache.insert(sample, at: index, size: size(sample))
            return sample
        }
        cached.filling = { cache.filling }
        return cached
    }

    /// Makes a training sample of each, with random choices.
    public func augmented<S: Sendable>(
        _ augment: @escaping @Sendable (_ decoded: D, _ random: inout RandomSequence) throws -> S
    ) -> Samples<S> {
        let load = load
        var samples = Samples(count: count, named: name) { index, random in
            try augment(try load(index), &random)
        }
        samples.filling = filling
        return samples
    }

    /// As they are, for evaluation.
    public var samples: Samples<D> { augmented { decoded, _ in decoded } }
}

/// A value that knows how much memory its contents take.
public protocol ByteCounted {
    /// Bytes of the contents.
    var byteCount: Int { get }
}

extension Tensor: ByteCounted {
    /// Bytes of the elements.
    public var byteCount: Int { count * elementType.size }
}

extension DecodedSamples where D: ByteCounted {
    /// Keeps what was loaded, up to a limit in bytes; nil for a quarter of the memory that is free now.
    public func cached(limit: Int? = nil) -> DecodedSamples { cached(limit: limit, size: \.byteCount) }
}
