public import ConcordTensors

extension Samples {
    /// Puts samples together to batches.
    ///
    /// - Parameters:
    ///   - size: number N of samples in a batch, at least 1.
    ///   - seed: with the epoch it decides the order, and with epoch and sample every random choice.
    ///   - shuffle: a new order each epoch, and a bad sample is replaced by another, so that batches stay full.
    ///     Without, the samples keep their own order and a bad one is left out of its batch, as evaluation wants
    ///     it.
    ///   - dropLast: leaves out a last batch that is not full.
    ///   - threads: threads that load; 0 loads on the calling thread.
    ///   - prefetch: batches made ahead, at most; at least one a thread.
    ///   - badLimit: the fraction of samples, in `0...1`, that may be bad.
    ///   - collate: makes a batch of its samples; called on loader threads, several at once.
    public func batches<B: Sendable>(
        of size: Int, seed: UInt64 = 0, shuffle: Bool = true, dropLast: Bool = true, threads: Int = 2,
        prefetch: Int = 4,
        badLimit: Double = 0.1, _ collate: @escaping @Sendable (_ samples: [S]) throws -> B
    ) -> Batches<B> {
        batches(
            of: size, seed: seed, shuffle: shuffle, dropLast: dropLast, threads: threads, prefetch: prefetch,
            badLimit: badLimit
        ) { samples, _ in try collate(samples) }
    }

    /// As above, with random choices that a whole batch shares: they come from seed, epoch and step.
    public func batches<B: Sendable>(
        of size: Int, seed: UInt64 = 0, shuffle: Bool = true, dropLast: Bool = true, threads: Int = 2,
        prefetch: Int = 4,
        badLimit: Double = 0.1,
        _ collate: @escaping @Sendable (_ samples: [S], _ random: inout RandomSequence) throws -> B
    ) -> Batches<B> {
        ShapeCheck.require(size > 0, "batches", "a batch of \(size) samples")
        let plan = BatchPlan(count: count, size: size, seed: seed, isShuffled: shuffle, dropsLast: dropLast)
        let loader = BatchLoader(samples: self, plan: plan, replacesBad: shuffle, collate: collate)
        return Batches(loader, threads: threads, prefetch: prefetch, badLimit: badLimit)
    }
}
