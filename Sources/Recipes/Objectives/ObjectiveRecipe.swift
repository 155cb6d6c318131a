import Synchronization

/// A kind of objective that recipes name: its keys, what it needs of the data, and how its parts are put together.
///
/// One file defines one, and one line registers it; an external package does so with
/// ``Recipe/register(_:)-(ObjectiveRecipe.Type)``:
/// ```swift
/// struct RotationRecipe: ObjectiveRecipe {
///     static let name = "rotation"
///     let angles: Int
///     init(_ fields: Fields, data: DataSettings) throws {
///         angles = try fields.integer("angles", default: 4, in: 2...8, "Angles to tell apart.")
///     }
///     func needs(_ data: DataSettings) throws -> DataNeeds { DataNeeds([.image]) }
///     func task(_ parts: RecipeParts) throws -> TrainingTask { try rotationTask(parts, angles) }
/// }
/// ```
public protocol ObjectiveRecipe: Sendable {
    /// What `objective.name` calls it.
    static var name: String { get }

    /// Decodes the keys of `objective`.
    /// - Throws: `RecipeError` that names a key.
    init(_ fields: Fields, data: DataSettings) throws

    /// What it asks of the data.
    /// - Throws: ``ObjectiveFault`` where these data cannot serve it.
    func needs(_ data: DataSettings) throws -> DataNeeds

    /// Puts the parts together.
    func task(_ parts: RecipeParts) throws -> TrainingTask

    /// Weights that the objective adds to its encoders, roughly, and the key that they follow; nil for few.
    func weights(features: Double, context: Double) -> (key: String, count: Double)?
}

extension ObjectiveRecipe {
    public func weights(features: Double, context: Double) -> (key: String, count: Double)? { nil }
}

/// Why an objective cannot learn from a recipe's data.
public struct ObjectiveFault: Error {
    /// What is wrong, and how to fix it.
    public let message: String
    /// - Parameter message: what is wrong, and how to fix it.
    public init(_ message: String) { self.message = message }
}

extension Recipe {
    private static let objectives = Mutex<[any ObjectiveRecipe.Type]>([
        ContrastiveRecipe.self, MaskedRecipe.self, PredictiveRecipe.self, FramesRecipe.self, SimCLRRecipe.self,
        SupConRecipe.self, MoCoRecipe.self, MoCoV3Recipe.self, NNCLRRecipe.self, BYOLRecipe.self, SimSiamRecipe.self,
        BarlowTwinsRecipe.self, VICRegRecipe.self, WMSERecipe.self, SwAVRecipe.self, DINORecipe.self,
        SimCSERecipe.self, DistillRecipe.self, RotationRecipe.self, JigsawRecipe.self, PatchPositionRecipe.self,
        ColorizationRecipe.self, NextFrameRecipe.self, TemporalOrderRecipe.self, MAERecipe.self, SimMIMRecipe.self,
        NextTokenRecipe.self, NextPatchRecipe.self, SumRecipe.self,
        Wav2Vec2Recipe.self, COLARecipe.self, TERARecipe.self, APCRecipe.self, HuBERTRecipe.self,
        ClassificationRecipe.self, RegressionRecipe.self,
    ])

    /// Makes an objective known to recipes, by its name; one of the same name is replaced.
    public static func register(_ objective: any ObjectiveRecipe.Type) {
        objectives.withLock { known in
            if let place = known.firstIndex(where: { $0.name == objective.name }) {
                known[place] = objective
            } else {
                known.append(objective)
            }
        }
    }

    static var objectiveKinds: [any ObjectiveRecipe.Type] { objectives.withLock { $0 } }
}

/// `objective`: what is minimized.
public struct ObjectiveSettings: Sendable {
    /// What `objective.name` calls it.
    public let name: String
    /// Its keys, decoded.
    public let recipe: any ObjectiveRecipe
    /// What it asks of the data.
    public let needs: DataNeeds

    init(_ fields: Fields, data: DataSettings, root: Fields) throws {
        let kinds = Recipe.objectiveKinds
        let name = try fields.choice(
            "name", default: ContrastiveRecipe.name, of: kinds.map { $0.name }, "What is minimized.")
        let kind = kinds.first { $0.name == name } ?? ContrastiveRecipe.self
        self.name = name
        recipe = try kind.init(fields, data: data)
        do { needs = try recipe.needs(data) } catch let fault as ObjectiveFault {
            throw root.fault("data", fault.message)
        }
    }
}

extension DataSettings {
    /// The first input of a kind.
    public func first(_ kind: Modality) -> RecipeInput? { inputs.first { $0.kind == kind } }

    /// The first input of a kind, if these data have one.
    /// - Throws: ``ObjectiveFault`` where they do not.
    @discardableResult
    public func require(_ kind: Modality, for objective: String) throws -> RecipeInput {
        guard let input = first(kind) else {
            throw ObjectiveFault("objective \(objective) learns from \(kind.rawValue), and data.columns names none")
        }
        return input
    }

    /// The column whose values are classes for positives by label.
    /// - Throws: ``ObjectiveFault`` where `labels` names none.
    @discardableResult
    public func requireLabel(for objective: String) throws -> String {
        guard let label = labels.first else {
            throw ObjectiveFault(
                "objective \(objective) makes samples of a class each other's positives, and data.labels names no "
                    + "column of classes; name one, as in labels: [category]")
        }
        return label
    }

    /// An input by its name.
    public func input(_ name: String) -> RecipeInput? { inputs.first { $0.name == name } }
}
