#if canImport(Glibc)
    import Glibc
#endif

/// What connects ranks: a message of b bytes takes `latency + b / bandwidth`.
package struct Link: Codable {
    /// Seconds.
    package let latency: Double
    /// Bytes a second, in each direction.
    package let bandwidth: Double

    /// The line through measured times that has the least relative error.
    /// - Parameter times: of an exchange of so many bytes between two ranks; at least two sizes.
    package init(fitting times: [(bytes: Double, seconds: Double)]) {
        // Weighted by 1 / t^2: sizes differ by orders of magnitude.
        var w = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0
        for (bytes, seconds) in times {
            let weight = 1 / max(1e-18, seconds * seconds)
            w += weight
            x += weight * bytes
            y += weight * seconds
            xx += weight * bytes * bytes
            xy += weight * bytes * seconds
        }
        let slope = (w * xy - x * y) / max(1e-300, w * xx - x * x)
        latency = max(0, (y - slope * x) / w)
        bandwidth = 1 / max(1e-18, slope)
    }

    package init(latency: Double, bandwidth: Double) { (self.latency, self.bandwidth) = (latency, bandwidth) }
}

/// What a contrastive step of two encoders takes on n ranks that share a batch: a model on paper.
///
/// - Gradients are summed in a ring: each rank sends and gets `2 (n - 1) / n` of their bytes. How much of it the backward
///   pass hides is `hidden`: measured over TCP, next to nothing, since MPI sends while it is called.
/// - Embeddings are gathered, and their gradients scattered: `2 (n - 1) / n` of the bytes of all pairs, with nothing to
///   hide behind. The logits' work is divided.
/// - A collective call has `log2 n` latencies, a ring's `n - 1`.
package struct ScalingModel {
    /// Of the model.
    package let parameters: Double
    /// Floating-point operations of a pair in the encoders, forward and backward.
    package let operationsOfPair: Double
    /// Bytes of a pair's activations.
    package let activationsOfPair: Double
    /// Size D of the shared space.
    package let dimension: Double
    /// Floating-point operations a second of a rank.
    package let rate: Double
    package let link: Link
    /// Bytes of a message of gradients.
    package var bucket = 8.0 * 1024 * 1024
    /// The fraction of the encoders' computation that gradients travel behind.
    package var hidden = 0.0

    package init(
        parameters: Double, operationsOfPair: Double, activationsOfPair: Double, dimension: Double, rate: Double, link: Link
    ) {
        (self.parameters, self.operationsOfPair, self.activationsOfPair) = (
            parameters, operationsOfPair, activationsOfPair
        )
        (self.dimension, self.rate, self.link) = (dimension, rate, link)
    }

    /// The parts of a step, in seconds, and bytes of memory a rank.
    package struct Step: Codable {
        package let ranks: Int, batch: Int
        package let encoders: Double, contrast: Double
        /// Communication that nothing hides: of embeddings, and of gradients.
        package let embeddings: Double, gradients: Double
        /// Of computing alone in all of the step.
        package let efficiency: Double
        package let memory: Double

        package var seconds: Double { encoders + contrast + embeddings + gradients }
    }

    /// - Parameters:
    ///   - batch: pairs of all ranks.
    ///   - isRing: whether embeddings go around in place of being gathered.
    ///   - isSharded: whether the optimizer's state is divided.
    package func step(ranks: Int, batch: Int, isRing: Bool = false, isSharded: Bool = false) -> Step {
        let n = Double(ranks), all = Double(batch), own = all / n, others = (n - 1) / n
        let encoders = own * operationsOfPair / rate
        let contrast = 8 * own * all * dimension / rate
        let hops = log2(max(1, n)).rounded(.up)
        let bytes = 4 * parameters, messages = max(1, (bytes / bucket).rounded(.up))
        let sum = 2 * others * bytes / link.bandwidth + messages * hops * 2 * link.latency
        let last = 2 * others * min(bucket, bytes) / link.bandwidth + hops * 2 * link.latency
        let gradients = ranks == 1 ? 0 : max(last, sum - encoders * hidden)
        // Both sides, forward and backward.
        let volume = 2 * 2 * others * all * dimension * 4 / link.bandwidth
        let embeddings =
            ranks == 1
            ? 0 : isRing ? max(2 * (n - 1) * link.latency, volume - contrast) : volume + 4 * hops * link.latency
        let busy = encoders + contrast
        let states = 4 * parameters * (2 + 2 / (isSharded ? n : 1))
        let rows = isRing ? 4 * own : all
        return Step(
            ranks: ranks, batch: batch, encoders: encoders, contrast: contrast, embeddings: embeddings,
            gradients: gradients, efficiency: busy / (busy + embeddings + gradients),
            memory: states + own * activationsOfPair + 2 * 3 * rows * dimension * 4)
    }
}
