import ConcordEncoders
public import ConcordLayers
public import ConcordObjectives
import ConcordTensors

/// An objective over two views of one input: of an image, or of a clip of sound.
///
/// ```yaml
/// objective: {name: simclr, input: image}
/// ```
public protocol ViewsRecipe: ObjectiveRecipe {
    var input: ViewedInput { get }
    /// The smallest batch that the loss has anything to learn from.
    var smallestBatch: Int { get }
    /// The objective over the views that an encoder takes.
    func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>>
}

extension ViewsRecipe {
    public var smallestBatch: Int { 2 }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        let modality = input == .image ? Modality.image : .audio
        guard data.columns[modality] != nil else {
            throw ObjectiveFault(
                "objective.input is \(modality.rawValue), and data.columns names no \(modality.rawValue)")
        }
        var needs = DataNeeds([modality])
        (needs.views, needs.smallestBatch) = (2, smallestBatch)
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        func images(_ objective: some Objective<Views<Tensor>>) -> any Objective<MultimodalBatch> {
            objective.on(\.imageViews)
        }
        func sounds(_ objective: some Objective<Views<Waveform>>) -> any Objective<MultimodalBatch> {
            objective.on(\.audioViews)
        }
        switch input {
        case .image:
            let encoder = try parts.imageEncoder()
            return TrainingTask(images(objective(over: encoder)), embedders: [.image: .images(encoder)])
        case .audio:
            let encoder = try parts.audioEncoder()
            return TrainingTask(sounds(objective(over: encoder)), embedders: [.audio: .sounds { encoder($0) }])
        }
    }
}

/// Whose two views an objective compares.
public enum ViewedInput: String, Sendable, CaseIterable {
    case image, audio

    /// The key `input`; by default images where the data have any.
    init(_ fields: Fields, data: DataSettings) throws {
        let isAudio = data.columns[.image] == nil && data.columns[.audio] != nil
        self = try fields.choice("input", default: isAudio ? .audio : .image, "Whose two views are compared.")
    }
}
