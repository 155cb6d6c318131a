import ConcordDatasets
import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import Synchronization

/// HuBERT: the clusters of masked frames of sound are predicted.
///
/// ```yaml
/// objective: {name: hubert, clusters: 100}                              # of cepstra: the first iteration
/// objective: {name: hubert, clusters: 500, teacher: runs/first, teacher_size: 768}
/// model: {audio: {encoder: wav2vec2, context: transformer, layers: 12, hidden: 768, positions: convolution}}
/// ```
/// Clusters are found by k-means before the first step, on frames of the training data, and are part of the
/// checkpoints. A later iteration clusters the frames of a run with frames as far apart: of a HuBERT or wav2vec 2.0
/// run, or a predictive one. It needs the teacher's directory for as long as it is trained.
/// - Source: Hsu et al. 2021, arXiv:2106.07447. Deviation: the teacher's last layer, where the paper takes its sixth.
public struct HuBERTRecipe: ObjectiveRecipe {
    public static let name = "hubert"

    private let masked: SpanSettings
    private let clusters, points, dimension, teacherSize: Int
    private let teacher: String
    private let temperature, penalty, gradientFactor, dropout: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        masked = try SpanSettings(fields, fraction: 0.8)
        teacher = try fields.string(
            "teacher", default: "",
            "A run directory whose frames are clustered, in the data directory or the working one; empty: cepstra are.")
        teacherSize = try fields.integer(
            "teacher_size", default: 256, in: 1...65536, "Size of the teacher's frames, where there is a teacher.")
        clusters = try fields.integer(
            "clusters", default: teacher.isEmpty ? 100 : 500, in: 2...65536, "Clusters, K.")
        points = try fields.integer(
            "cluster_frames", default: 20_000, in: 1...10_000_000, "Frames that the clusters are found on, at most.")
        dimension = try fields.integer(
            "dimension", default: 256, in: 1...65536, "Size in which frames and clusters are compared.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
        penalty = try fields.number("penalty", default: 10, in: 0...1e4, "Weight of the features' mean square.")
        gradientFactor = try fields.number(
            "feature_gradient", default: 0.1, in: 0...1e4, "Factor of the gradient that reaches the convolutions.")
        dropout = try fields.number("dropout", default: 0, in: 0...0.99, "Dropout on the frames, in training.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input), rate = parts.recipe.views.audio?.rate ?? 16000
        try parts.requireFrames(encoder, ahead: 2)
        let frames = TeacherFrames(path: teacher, size: teacherSize, rate: rate)
        let model = HuBERT(
            encoder: encoder, context: try parts.bidirectionalContext(settings, over: settings.hidden),
            clusters: clusters,
            targets: teacher.isEmpty
                ? .cepstra(rate: rate, hop: encoder.configuration.stride)
                : FrameTarget(dimension: teacherSize) { frames($0) },
            masking: masked.masking, dimension: dimension, temperature: Float(temperature), penalty: Float(penalty),
            gradientFactor: Float(gradientFactor), dropout: Float(dropout))
        var task = TrainingTask(
            model.on(\.[audio: input.name]),
            embedders: [input: .audio({ model.embed($0) }, frames: { model.frames($0).frames })])
        task.preparation = { [teacher, points] preparation in
            if !teacher.isEmpty { try frames.load(preparation.data, input, encoder.configuration) }
            guard !preparation.isResumed else { return }
            var batches = preparation.batches.epoch(0).makeIterator()
            try model.fit(key: RandomKey(seed: preparation.seed).derived("clusters"), limit: points) {
                try batches.next()?.get()[audio: input.name]?.input
            }
        }
        return task
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.clusters", Double(clusters * dimension) + Double(dimension) * context)
    }
}

/// The frames of a teacher's run, which is read when training begins.
private final class TeacherFrames: Sendable {
    private let path: String
    private let size: Int, rate: Int
    private let run = Mutex<(model: RecipeModel, input: RecipeInput)?>(nil)

    init(path: String, size: Int, rate: Int) { (self.path, self.size, self.rate) = (path, size, rate) }

    /// - Parameter root: the directory that the recipe's data paths start from.
    func load(_ root: String, _ input: RecipeInput, _ own: WaveformEncoder.Configuration) throws {
        let inData = Paths.join(root, path), teacher = try Run(RunDirectory(inData).isRun ? inData : path)
        let place = try teacher.input(.audio, named: nil), model = teacher.embedder.model
        func fault(_ message: String) -> RecipeError { .data(message: "objective.teacher: \(path) \(message)") }
        guard let found = teacher.recipe.views.audio?.rate, found == rate else {
            throw fault("has another rate than views.audio.rate, \(rate)")
        }
        let length = own.minimumSamples + 20 * own.stride
        let silence = Waveform(samples: Tensor(zeros: [1, length]), rate: rate)
        guard let frames = model.frames(silence, of: place)?.shape else {
            throw fault("has no frames: one of an objective over frames of sound wanted, such as hubert")
        }
        guard abs(frames[1] - own.frames(of: length)) <= 1 else {
            throw fault(
                "has \(frames[1]) frames where this encoder has \(own.frames(of: length)); equal strides wanted")
        }
        guard frames[2] == size else {
            throw RecipeError.data(
                message: "objective.teacher_size: the teacher's frames have \(frames[2]) numbers, not \(size); set it "
                    + "to \(frames[2])")
        }
        run.withLock { $0 = (model, place) }
    }

    func callAsFunction(_ waveform: Waveform) -> Tensor {
        guard let run = run.withLock({ $0 }) else { return Tensor(zeros: [waveform.count, 0, size]) }
        return evaluating { run.model.frames(waveform, of: run.input) ?? Tensor(zeros: [waveform.count, 0, size]) }
    }
}
