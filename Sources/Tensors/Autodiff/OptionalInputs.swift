extension Tensor {
    /// As `recorded(from:)`, for operations some of whose inputs may be absent: an absent one needs no gradient.
    package func recorded(
        fromGiven inputs: [Tensor?], name: StaticString = #function,
        pullback: @escaping (_ upstream: Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        let count = inputs.count  // the inputs themselves must not live as long as the pullback
        let places = inputs.indices.filter { inputs[$0] != nil }
        return recorded(fromAll: inputs.compactMap(\.self), name: name) { upstream, needs in
            var wanted = [Bool](repeating: false, count: count)
            for (place, needed) in zip(places, needs) { wanted[place] = needed }
            let cotangents = pullback(upstream, wanted)
            return places.map { cotangents[$0] }
        }
    }
}
