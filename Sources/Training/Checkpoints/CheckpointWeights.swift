public import ConcordInterchange
public import ConcordLayers
import ConcordTensors

/// Which of a checkpoint's weights to load.
///
/// A run that averages its weights (`Trainer(averaging:)`) stores two sets of them in each model file: the latest under
/// their paths, and the averaged ones under `average.` and the same paths, with `average.updates`, the number of
/// updates averaged.
public enum CheckpointWeights: Sendable, Equatable {
    /// Those of the last update: what training goes on from.
    case latest
    /// Those that the run was evaluated with: the averaged ones where it averaged, else the latest.
    case evaluated

    static let averagePrefix = "average."
}

extension Module {
    /// Takes the values of all parameters and buffers from the model file of a trainer's checkpoint.
    ///
    /// ```swift
    /// if let best = try CheckpointDirectory("run/checkpoints").best() {
    ///     try clip.load(checkpoint: Safetensors(path: best.model))
    /// }
    /// ```
    /// Buffers that are no running statistics are not averaged, and are the latest in either case.
    /// - Throws: as `load(_:allowingMissing:allowingUnexpected:renaming:)`.
    public func load(
        checkpoint file: Safetensors, weights: CheckpointWeights = .evaluated
    ) throws(InterchangeError) {
        let prefix = CheckpointWeights.averagePrefix
        let averaged = Set(file.names.lazy.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
        let known = Set(stateDictionary().map(\.name))
        try load(file) { key in
            if key.hasPrefix(prefix), !known.contains(key) {
                let path = String(key.dropFirst(prefix.count))
                return weights == .evaluated && known.contains(path) ? path : nil
            }
            return weights == .evaluated && averaged.contains(key) ? nil : key
        }
    }
}
