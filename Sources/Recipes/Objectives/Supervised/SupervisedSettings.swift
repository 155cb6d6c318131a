import ConcordLayers
import ConcordObjectives

/// The keys that supervised objectives share: what is read, and what the head is.
struct SupervisedSettings: Sendable {
    let input: RecipeInput
    let isFrozen, normalizes: Bool
    let hidden: Int
    let dropout: Double

    init(_ fields: Fields, data: DataSettings) throws {
        let names = data.inputs.map(\.name)
        let name = try fields.choice("input", default: names[0], of: names, "What is judged.")
        input = data.input(name) ?? data.inputs[0]
        isFrozen = try fields.flag(
            "frozen", default: false, "Whether the head alone is trained, on the encoder as it is in evaluation.")
        normalizes = try fields.flag(
            "normalize", default: isFrozen,
            "Batch normalization between encoder and head; by default of a frozen encoder.")
        hidden = try fields.integer("hidden", default: 0, in: 0...65536, "Size of the head's hidden layer; 0: none.")
        dropout = try fields.number(
            "dropout", default: 0, in: 0...0.99, "Probability of each of the encoder's numbers to be left out.")
    }

    /// - Throws: `ObjectiveFault` where there are no rows to have labels.
    func needs(_ data: DataSettings, for objective: String) throws -> DataNeeds {
        guard data.kind != .text else {
            throw ObjectiveFault("objective.name: \(objective) learns from rows or files, and running text has none")
        }
        return DataNeeds([input])
    }

    func network<E: FeatureEncoder>(_ encoder: E, outputs: Int) -> SupervisedNetwork<E> {
        SupervisedNetwork(
            encoder, outputs: outputs, hidden: hidden == 0 ? nil : hidden, dropout: Float(dropout),
            normalizes: normalizes, use: isFrozen ? .frozen : .trained)
    }
}
