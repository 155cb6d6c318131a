package import ConcordTensors

/// Adds up gradients over ranks while the backward pass still runs.
///
/// The first step notes in which order parameters are finished and by how many backward passes each. From then on a
/// bucket of neighbors in that order is sent as soon as all of its gradients are there; each further gradient lets MPI
/// move on. All ranks fill the same buckets and send them in the same order. What does not come as it did in the first
/// step (a parameter without a gradient, one with more, gradients of rows) is added up at the step's end.
package final class GradientReducer: GradientSink {
    private let ranks: Communicator
    private let parameters: [(key: any AnyObject & Sendable, shape: [Int])]
    private let places: [ObjectIdentifier: Int]
    private let bucketCount: Int
    /// The places of each bucket's parameters; nil before the first step has ended.
    private var plan: [[Int]]?
    private var bucketOf: [Int] = []
    /// Backward passes that give a parameter a part of its gradient.
    private var expected: [Int] = []
    /// Of this step: contributions so far, and in which order parameters had their last.
    private var seen: [Int], order: [Int] = []
    private var sums: [Cotangent?]
    private var missing: [Int] = []
    private var pending: [PendingTensor] = []
    /// Parameters that got a gradient after their bucket had left.
    private var isLate = false
    private var isTaking = false

    /// - Parameters:
    ///   - parameters: all that may have a gradient, in the same order on all ranks.
    ///   - bucket: bytes of a message, at least.
    package init(
        _ parameters: [(key: any AnyObject & Sendable, shape: [Int])], over ranks: Communicator, bucket: Int = 8 << 20
    ) {
        (self.parameters, self.ranks) = (parameters, ranks)
        places = Dictionary(
            parameters.enumerated().map { (ObjectIdentifier($1.key), $0) }, uniquingKeysWith: { first, _ in first })
        bucketCount = bucket / MemoryLayout<Float>.size
        seen = Array(repeating: 0, count: parameters.count)
        sums = Array(repeating: nil, count: parameters.count)
    }

    /// Starts a step whose gradients are final as they come.
    package func begin() {
        isTaking = true
        isLate = false
        seen = Array(repeating: 0, count: parameters.count)
        order = []
        missing = plan?.map(\.count) ?? []
        pending = []
    }

    package func take(_ gradient: Cotangent, for parameter: any AnyObject & Sendable) -> Bool {
        guard isTaking, let place = places[ObjectIdentifier(parameter)] else { return false }
        seen[place] += 1
        guard plan != nil else {
            order.removeAll { $0 == place }
            order.append(place)
            return false
        }
        guard bucketOf[place] >= 0, case .dense = gradient else { return false }
        guard bucketOf[place] >= pending.count else {
            isLate = true
            return false
        }
        Cotangent.accumulate(gradient, into: &sums[place])
        if seen[place] == expected[place] { missing[bucketOf[place]] -= 1 }
        for message in pending.suffix(4) { message.progress() }
        while pending.count < missing.count, missing[pending.count] == 0 { send() }
        return true
    }

    /// Sends the next bucket; zeros for what is not there.
    private func send() {
        guard let plan else { return }
        let tensors = plan[pending.count].map { place in
            let gradient = sums[place]?.dense ?? Tensor(zeros: parameters[place].shape)
            sums[place] = nil
            return gradient.reshaped([-1])
        }
        pending.append(ranks.startSum(tensors.count == 1 ? tensors[0] : .concatenated(tensors, axis: 0)))
    }

    /// The sums over ranks of a step's gradients.
    /// - Parameter rest: what the step's backward passes gave that was not taken.
    package func finish(_ rest: Gradients) -> Gradients {
        guard isTaking else { return rest.summed(over: ranks, parameters) }
        isTaking = false
        guard let plan else {
            makePlan(rest)
            return rest.summed(over: ranks, parameters)
        }
        while pending.count < plan.count { send() }
        // A parameter that no rank had a gradient for has none.
        let present = ranks.largest(seen.map { $0 > 0 ? 1 : 0 } + [isLate ? 1 : 0, rest.count > 0 ? 1 : 0])
        var others = Gradients()
        if present[parameters.count] + present[parameters.count + 1] > 0 { others = rest.summed(over: ranks, parameters) }
        var found = sums
        for (bucket, message) in zip(plan, pending) {
            let whole = message.wait()
            var at = 0
            for place in bucket {
                let shape = parameters[place].shape, count = shape.reduce(1, *)
                if present[place] > 0 { found[place] = .dense(whole.sliced(at..<at + count, axis: 0).reshaped(shape)) }
                at += count
            }
        }
        pending = []
        var result = Gradients()
        for (place, parameter) in parameters.enumerated() {
            if let other = others.cotangent(of: parameter.key) { Cotangent.accumulate(other, into: &found[place]) }
            if let gradient = found[place] { result.insert(gradient, for: parameter.key) }
        }
        return result
    }

    /// Cuts the order of the first step into buckets, as rank 0 saw it.
    private func makePlan(_ gradients: Gradients) {
        let dense = order.filter { place in
            if case .dense = gradients.cotangent(of: parameters[place].key) { true } else { false }
        }
        let agreed = ranks.broadcast(dense.map { Int32($0) }.withUnsafeBytes { Array($0) }).withUnsafeBytes {
            $0.bindMemory(to: Int32.self).map { Int($0) }
        }
        expected = ranks.largest(seen.map(Double.init)).map { Int($0) }
        var buckets: [[Int]] = [[]], count = 0
        bucketOf = Array(repeating: -1, count: parameters.count)
        for place in agreed {
            if count >= bucketCount {
                buckets.append([])
                count = 0
            }
            buckets[buckets.count - 1].append(place)
            bucketOf[place] = buckets.count - 1
            count += parameters[place].shape.reduce(1, *)
        }
        plan = buckets.filter { !$0.isEmpty }
    }
}
