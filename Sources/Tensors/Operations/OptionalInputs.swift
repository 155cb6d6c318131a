extension Tensor {
    /// As `recorded(from:)`, for operations some of whose inputs may be absent: an absent one needs no gradient.
    package func recorded(
        fromGiven inputs: [Tensor?], pullback: @escaping (_ upstream: Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        let places = inputs.indices.filter { inputs[$0] != nil }
        return recorded(fromAll: inputs.compactMap(\.self)) { upstream, needs in
            var wanted = [Bool](repeating: false, count: inputs.count)
            for (place, needed) in zip(places, needs) { wanted[place] = needed }
            let cotangents = pullback(upstream, wanted)
            return places.map { cotangents[$0] }
        }
    }
}
