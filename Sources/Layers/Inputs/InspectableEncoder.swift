public import ConcordTensors

/// An encoder that shows what its layers make of an input: probes may look at any of them.
///
/// ```swift
/// let layers = encoder.layerOutputs(images)                             // the embedding, then a block each
/// let features = layers[6].pooled(.mean)                                // [N, C]
/// ```
public protocol InspectableEncoder<Input>: FeatureEncoder {
    /// The output of each layer, the first one (an embedding or a stem) first.
    func layerOutputs(_ input: Input) -> [LayerOutput]
}

/// What a layer makes of N inputs.
public struct LayerOutput: Sendable {
    /// `[N, T, C]`: tokens, frames, or the places of a feature map row by row.
    public let steps: Tensor
    /// `[N, T]` uint8, 1 for steps that are not padding; nil: all are real.
    public let mask: Tensor?

    /// - Parameters:
    ///   - steps: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8; nil: all steps are real.
    public init(_ steps: Tensor, mask: Tensor? = nil) { (self.steps, self.mask) = (steps, mask) }

    /// - Parameter map: a feature map, `[N, H, W, C]`.
    public init(map: Tensor) { self.init(map.reshaped([map.shape[0], -1, map.shape[3]])) }

    /// How steps become one vector.
    public enum Pooling: String, Sendable, CaseIterable {
        /// Their mean.
        case mean
        /// The largest value of each channel.
        case max
        /// The first: a class token.
        case first
        /// The last that is real.
        case last
    }

    /// One vector an input, `[N, C]`, of the real steps.
    public func pooled(_ pooling: Pooling) -> Tensor {
        let (count, length, width) = (steps.shape[0], steps.shape[1], steps.shape[2])
        switch pooling {
        case .mean: return steps.meanOfSteps(mask: mask)
        case .max:
            guard let mask else { return steps.max(axis: 1) }
            return mask.expandingAxis(at: 2).selecting(steps, otherwise: -.infinity).max(axis: 1)
        case .first: return steps.sliced(0..<1, axis: 1).reshaped([count, width])
        case .last:
            let real = mask?.bytes ?? [UInt8](repeating: 1, count: count * length)
            let places = (0..<count).map { row -> Int32 in
                let own = real[row * length..<(row + 1) * length]
                return Int32(truncatingIfNeeded: own.lastIndex { $0 != 0 } ?? row * length)
            }
            return steps.reshaped([count * length, width]).gathered(at: Tensor(places, shape: [count]), axis: 0)
        }
    }
}
