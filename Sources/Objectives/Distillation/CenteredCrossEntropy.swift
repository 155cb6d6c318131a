public import ConcordLayers
public import ConcordTensors

/// The cross-entropy of a student's class probabilities with a teacher's, which are centered and sharpened: DINO's
/// loss.
///
///     p = softmax((teacher - center) / t'), a constant                      // [N, K], sharpened: t' is small
///     loss = cross-entropy(p, softmax(student / t))
///     center = m center + (1 - m) mean of the teacher's outputs             // after every update
///
/// Without the center one class would come to win everywhere, without the small t' all classes would become equal: the
/// two keep each other from collapsing. Labels are ignored.
///
/// ```swift
/// let head = ProjectionHead(
///     384, hidden: 2048, 256, layers: 3, activation: .gelu, prototypes: WeightNormLinear(256, 4096))
/// let dino = SelfDistillation(
///     VisionTransformer(), projector: head, predictor: nil, target: .movingAverage(.cosine(from: 0.996)),
///     loss: CenteredCrossEntropy(classes: 4096, teacherTemperature: .linear(from: 0.04, to: 0.07, until: 0.3)))
/// ```
/// At chance `ln K`. Metrics: `teacher_temperature`; `teacher_entropy`, the mean entropy of p in nats, ln K where all
/// classes are alike; `teacher_information`, how much the class tells of the sample, in nats: the entropy of the mean
/// of p less the mean entropy, 0 where it collapsed in either way.
/// - Source: Caron et al. 2021, arXiv:2104.14294, eq. 1 to 4 and algorithm 1. The center follows each update, once for
///   all batches that it accumulates.
public final class CenteredCrossEntropy: PairLoss, UpdateObserver {
    /// Number K of classes.
    public let classes: Int
    /// t, the student's temperature, above 0.
    public let temperature: Float
    /// m, how much of the center stays at an update, in [0, 1].
    public let centerMomentum: Float
    /// t', the teacher's temperature.
    public let teacherTemperature: ScheduledScalar
    /// `[1, K]`, zeros at first.
    public let center: Buffer
    private let staged = StagedRows()

    /// - Parameters:
    ///   - classes: K, at least 1.
    ///   - temperature: t, the student's, above 0.
    ///   - teacherTemperature: t', above 0 all the time.
    ///   - centerMomentum: m, in [0, 1]; 1 centers nothing.
    public init(
        classes: Int, temperature: Float = 0.1, teacherTemperature: ScheduledValue = .constant(0.04),
        centerMomentum: Float = 0.9
    ) {
        let coldest = min(teacherTemperature.initial, teacherTemperature.end)
        ShapeCheck.require(
            classes > 0 && temperature > 0 && coldest > 0 && (0...1).contains(centerMomentum), "CenteredCrossEntropy",
            "\(classes) classes, temperatures \(temperature) and \(teacherTemperature), momentum \(centerMomentum)")
        (self.classes, self.temperature, self.centerMomentum) = (classes, temperature, centerMomentum)
        self.teacherTemperature = ScheduledScalar(teacherTemperature)
        center = Buffer(Tensor(zeros: [1, classes]), underMicrobatches: .last)
    }

    /// The loss of a student's outputs and a teacher's.
    /// - Parameters:
    ///   - a: the student's, `[N, K]`.
    ///   - b: the teacher's, `[N, K]`.
    ///   - labels: ignored.
    /// - Returns: a scalar; `ln K` at chance.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        check(a, b)
        stage([b])
        return withPrecision(.float32) {
            -(probabilities(ofTeacher: b) * (a / temperature).logSoftmax()).sum(axis: 1).mean()
        }
    }

    public func symmetric(predictions: (Tensor, Tensor), targets: (Tensor, Tensor), labels: Tensor?) -> Tensor {
        multiCrop(predictions: predictions, local: nil, targets: targets, labels: labels)
    }

    public func multiCrop(
        predictions: (Tensor, Tensor), local: Tensor?, targets: (Tensor, Tensor), labels: Tensor?
    ) -> Tensor {
        check(predictions.0, targets.0)
        check(predictions.1, targets.1)
        stage([targets.0, targets.1])
        return withPrecision(.float32) {
            ViewCrossEntropy.loss(
                targets: (probabilities(ofTeacher: targets.0), probabilities(ofTeacher: targets.1)),
                logits: (predictions.0 / temperature, predictions.1 / temperature),
                local: local.map { $0 / temperature })
        }
    }

    /// Centered and sharpened, `[N, K]`, a constant.
    private func probabilities(ofTeacher outputs: Tensor) -> Tensor {
        detached { ((outputs.detached - center.value) / teacherTemperature.value).softmax() }
    }

    private func check(_ student: Tensor, _ teacher: Tensor) {
        ShapeCheck.require(
            student.shape == teacher.shape && student.rank == 2 && student.shape[1] == classes, "CenteredCrossEntropy",
            "\(student.shape) against \(teacher.shape): two [N, \(classes)] wanted")
    }

    private func stage(_ outputs: [Tensor]) {
        guard Computation.isTraining else { return }
        for output in outputs {
            staged.append(detached { output.detached.converted(to: .float32).mean(axis: 0).expandingAxis(at: 0) })
        }
    }

    public var metrics: [(name: String, value: Tensor)] {
        [("teacher_temperature", Tensor(teacherTemperature.value))]
    }

    public func metrics(targets: Tensor) -> [(name: String, value: Tensor)] {
        detached {
            let scores = (targets.detached.converted(to: .float32) - center.value) / teacherTemperature.value
            let (p, logarithms) = (scores.softmax(), scores.logSoftmax())
            let entropy = -(p * logarithms).sum(axis: 1).mean()
            let mean = p.mean(axis: 0)
            let ofMean = -(mean * (mean + 1e-12).log()).sum()
            return [("teacher_entropy", entropy), ("teacher_information", ofMean - entropy)]
        }
    }

    public func parametersDidInitialize() {}

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        guard let means = staged.take() else { return }
        let mean = means.mean(axis: 0).expandingAxis(at: 0)  // [1, K]
        center.assign(center.stored * centerMomentum + mean * (1 - centerMomentum))
    }
}
