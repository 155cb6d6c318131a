public import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

/// Classes of some files, by sentences about the classes or by a trained head.
public struct ClassRanking: Sendable {
    /// The classes of one file, likeliest first.
    public struct Answer: Sendable {
        /// Its path.
        public let file: String
        /// The likeliest first.
        public let classes: [(name: String, probability: Float)]
    }

    /// One a readable file, in the order that was given.
    public let answers: [Answer]
    /// The unreadable files.
    public let rejected: [Rejected]
}

extension Run {
    /// The likeliest class of each image, by sentences about the classes.
    /// - Parameters:
    ///   - classes: at least one name, all different.
    ///   - templates: sentences with `{}` where the name goes.
    /// - Returns: for each image a name and its probability under the model's temperature.
    /// - Throws: for the first file that cannot be read; `rankClasses` answers for the others.
    public func classify(
        images paths: [String], input: String? = nil, classes: [String], templates: [String] = ["{}"]
    ) throws -> [(name: String, probability: Float)] {
        try classify(paths, .image, input, classes, templates)
    }

    /// The likeliest class of each recording, by sentences about the classes.
    public func classify(
        audio paths: [String], input: String? = nil, classes: [String], templates: [String] = ["{}"]
    ) throws -> [(name: String, probability: Float)] {
        try classify(paths, .audio, input, classes, templates)
    }

    private func classify(
        _ paths: [String], _ kind: Modality, _ input: String?, _ classes: [String], _ templates: [String]
    ) throws -> [(name: String, probability: Float)] {
        let ranking = try rankClasses(
            of: paths, kind, input: input, classes: classes, templates: templates, count: 1)
        if let first = ranking.rejected.first { throw RecipeError.rejected(first) }
        return ranking.answers.map { $0.classes[0] }
    }

    /// The likeliest classes of each file; unreadable files are left out and listed in `rejected`.
    /// - Parameters:
    ///   - kind: image or audio.
    ///   - input: the name of the input, where the model has several of that kind; nil for the first.
    ///   - classes: at least one name, all different and none empty.
    ///   - templates: sentences with `{}` where the name goes.
    ///   - count: classes a file, at most.
    ///   - badLimit: the fraction of files, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of files done.
    /// - Throws: if more files are unreadable, or all, or a class is given twice.
    public func rankClasses(
        of paths: [String], _ kind: Modality, input: String? = nil, classes: [String],
        templates: [String] = ["{}"], count: Int,
        badLimit: Double = 1,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws -> ClassRanking {
        guard !classes.isEmpty else { throw RecipeError.data(message: "no class to choose from") }
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(kind.rawValue) to classify") }
        guard !templates.isEmpty else { throw RecipeError.data(message: "no template to name the classes in") }
        var known: Set<String> = []
        for name in classes {
            guard name.contains(where: { !$0.isWhitespace }) else {
                throw RecipeError.data(message: "a class without a name; leave it out")
            }
            guard known.insert(name).inserted else {
                throw RecipeError.data(
                    message: "class \(name.debugDescription) is given twice, which would divide its probability")
            }
        }
        guard embedder.model.hasSharedSpace, modalities.contains(.text) else {
            throw RecipeError.data(
                message:
                    """
                        the run has no space that \(kind.rawValue) and text share; classes want a contrastive \
                        recipe with text
                        """
            )
        }
        let shot = try ZeroShot(classes: classes, templates: templates) { try embedder.texts($0) }
        let files = try embedder.embed(
            paths, self.input(kind, named: input), badLimit: badLimit, progress: progress)
        let probabilities = embedder.model.probabilities(shot.similarities(files.embeddings))
        return ClassRanking(probabilities, of: files, paths, classes, count: count)
    }
}

extension ClassRanking {
    /// - Parameter probabilities: `[N, K]`, of the files that could be read.
    fileprivate init(
        _ probabilities: Tensor, of files: EmbeddedFiles, _ paths: [String], _ classes: [String], count: Int
    ) {
        answers = zip(files.entries, Self.ranked(probabilities, classes, count)).map {
            Answer(file: paths[$0.file], classes: $1)
        }
        rejected = files.rejected
    }

    /// The likeliest classes of each row of `probabilities` `[N, K]`, likeliest first.
    fileprivate static func ranked(
        _ probabilities: Tensor, _ classes: [String], _ count: Int
    ) -> [[(name: String, probability: Float)]] {
        let values = probabilities.scalars, kept = max(0, min(count, classes.count))
        return (0..<probabilities.shape[0]).map { row in
            let own = values[row * classes.count..<(row + 1) * classes.count]
            let order = own.indices.sorted { own[$0] != own[$1] ? own[$0] > own[$1] : $0 < $1 }
            return order.prefix(kept).map { (name: classes[$0 - own.startIndex], probability: own[$0]) }
        }
    }
}

// MARK: - By a trained head

extension Run {
    /// The classes that the run was trained to tell apart, in the order of its head; nil where it was trained on none.
    public var classes: [String]? {
        if case .classes(let names)? = embedder.model.head?.kind { names } else { nil }
    }

    /// What the run's own head says of files: the likeliest classes of each; unreadable files are left out and listed
    /// in `rejected`.
    /// - Parameters:
    ///   - kind: of the files.
    ///   - count: classes a file, at most.
    ///   - badLimit: the fraction of files, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of files done.
    /// - Throws: where the run was trained on no classes, or of another kind of input; if more files are unreadable.
    public func rankClasses(
        of paths: [String], _ kind: Modality, count: Int, badLimit: Double = 1, progress: (_ done: Int) -> Void = { _ in }
    ) throws -> ClassRanking {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(kind.rawValue) to classify") }
        let (head, names) = try head(of: kind)
        let files = try embedder.embed(paths, head.input, features: true, badLimit: badLimit, progress: progress)
        return ClassRanking(probabilities(head, files.embeddings), of: files, paths, names, count: count)
    }

    /// What the run's own head says of texts: the likeliest classes of each, likeliest first.
    /// - Throws: where the run was trained on no classes of texts.
    public func rankClasses(ofTexts texts: [String], count: Int) throws -> [[(name: String, probability: Float)]] {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to classify") }
        let (head, names) = try head(of: .text)
        let features = try embedder.texts(texts, of: head.input, features: true)
        return ClassRanking.ranked(probabilities(head, features), names, count)
    }

    private func probabilities(_ head: LabelHead, _ features: Tensor) -> Tensor {
        withKernels(embedder.model.kernels) { evaluating { head.outputs(features).softmax() } }
    }

    private func head(of kind: Modality) throws -> (head: LabelHead, names: [String]) {
        guard let head = embedder.model.head, case .classes(let names) = head.kind else {
            throw RecipeError.data(
                message: "the run was trained on no classes; name some, or train a head on a label")
        }
        guard head.input.kind == kind else {
            throw RecipeError.data(message: "the run classifies \(head.input.kind.rawValue), not \(kind.rawValue)")
        }
        return (head, names)
    }
}
