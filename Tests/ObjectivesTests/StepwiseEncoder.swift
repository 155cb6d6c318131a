import ConcordLayers
import ConcordTensors

/// A small sequence encoder: frames are a linear map of each step, their context the running sum of them.
final class StepwiseEncoder: SequenceEncoder {
    /// Steps `[N, T, C]`, and which are real.
    struct Steps: Sendable {
        let values: Tensor
        var mask: Tensor?
    }

    let frame: Linear
    let featureDimension: Int
    var outputDimension: Int { featureDimension }

    init(_ inputs: Int, _ size: Int) {
        frame = Linear(inputs, size)
        featureDimension = size
    }

    func features(_ input: Steps) -> (features: Tensor, mask: Tensor?) { (frame(input.values).tanh(), input.mask) }

    func context(_ features: Tensor, mask: Tensor?) -> Tensor {
        let steps = features.shape[1]
        let earlier = Tensor((0..<steps).flatMap { t in (0..<steps).map { $0 <= t ? 1 : 0 } }, shape: [steps, steps])
        return Tensor.stacked(
            (0..<features.shape[0]).map { n in
                earlier.matmul(features.sliced(n..<n + 1, axis: 0).reshaped([steps, features.shape[2]]))
            })
    }

    func callAsFunction(_ input: Steps) -> Tensor {
        let (features, mask) = features(input)
        return context(features, mask: mask).mean(axis: 1)
    }
}

/// Sequences whose steps from `lengths` on are padding.
func steps(_ values: Tensor, lengths: [Int]? = nil) -> StepwiseEncoder.Steps {
    guard let lengths else { return .init(values: values) }
    let length = values.shape[1]
    let mask = lengths.flatMap { real in (0..<length).map { UInt8($0 < real ? 1 : 0) } }
    return .init(values: values, mask: Tensor(mask, shape: [lengths.count, length]))
}
