public import ConcordLayers
public import ConcordObjectives

/// DINO: each view's class probabilities, over classes that nobody named, are those that a slowly moving copy of the
/// network has for another view; no negatives.
///
/// ```yaml
/// objective: {name: dino, classes: 1024, momentum: 0.99}
/// views: {size: 32, scale: 0.4, local_crops: {count: 4, size: 16, scale: [0.05, 0.4]}}       # multi-crop
/// ```
/// - Source: Caron et al. 2021, arXiv:2104.14294. The paper has 65536 classes, a momentum that rises from 0.996, and a
///   last layer that is frozen for an epoch (`frozen_steps`). The warm-up of the teacher's temperature is that of the
///   authors' better run, over a fraction of the run. The weight decay is the optimizer's, and not scheduled. Initial
///   weights are PyTorch's, which follow a layer's size; the authors' standard deviation of 0.02 is for 2048 inputs, and
///   smaller heads collapsed with it. With small batches watch `teacher_information`; `head_norm: hidden` and a smaller
///   learning rate kept it up where it fell.
public struct DINORecipe: ViewsRecipe {
    public static let name = "dino"
    public static let usesLocalCrops = true

    public let input: RecipeInput
    private let classes, hidden, layers, dimension, frozen: Int
    private let momentum: Momentum
    private let temperature, teacherTemperature, firstTemperature, warmUp, centerMomentum: Double
    private let norm: ProjectionHead.Norm
    private let trainsLengths: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        classes = try fields.integer("classes", default: 1024, in: 2...1 << 20, "Classes K of the last layer.")
        momentum = try fields.targetMomentum(default: 0.996, of: "teacher")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "The student's temperature.")
        teacherTemperature = try fields.number(
            "teacher_temperature", default: 0.07, in: 1e-4...1e4, "The teacher's temperature after its warm-up.")
        firstTemperature = try fields.number(
            "first_teacher_temperature", default: min(0.04, teacherTemperature), in: 1e-4...1e4,
            "The teacher's temperature at the start.")
        warmUp = try fields.number(
            "teacher_warmup", default: 0.3, in: 0...1,
            "Fraction of the run over which the teacher's temperature goes from the first to the last.")
        centerMomentum = try fields.number(
            "center_momentum", default: 0.9, in: 0...1, "How much of the center stays at an update; 1: no centering.")
        frozen = try fields.integer(
            "frozen_steps", default: 0, in: 0...1 << 30, "Updates in which the last layer stays as it is.")
        hidden = try fields.integer("hidden", default: 2048, in: 1...65536, "Size of the head's hidden layers.")
        layers = try fields.integer("layers", default: 3, in: 1...16, "Linear layers of the head before the last one.")
        dimension = try fields.integer("dimension", default: 256, in: 1...65536, "Size of the head's bottleneck.")
        norm = try fields.choice(
            "head_norm", default: ProjectionHead.Norm.none, "Where the head has batch normalization.")
        trainsLengths = try fields.flag(
            "trained_lengths", default: false, "Whether the lengths of the last layer's rows are trained too.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let last = WeightNormLinear(dimension, classes, trainsLengths: trainsLengths, frozenUpdates: frozen)
        let head = ProjectionHead(
            encoder.outputDimension, hidden: hidden, dimension, layers: layers, norm: norm, activation: .gelu,
            prototypes: last)
        let teacher =
            warmUp > 0
            ? ScheduledValue.linear(from: firstTemperature, to: teacherTemperature, until: warmUp)
            : .constant(teacherTemperature)
        return SelfDistillation(
            encoder, projector: head, predictor: nil, target: .movingAverage(momentum),
            loss: CenteredCrossEntropy(
                classes: classes, temperature: Float(temperature), teacherTemperature: teacher,
                centerMomentum: Float(centerMomentum)))
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let (hidden, dimension, classes) = (Double(hidden), Double(dimension), Double(classes))
        let inner = hidden * (features + hidden * Double(max(0, layers - 2)) + dimension)
        return (inner > classes * dimension ? "objective.hidden" : "objective.classes", inner + classes * dimension)
    }
}
