public import ConcordTensors

/// Classification by sentences: a class's embedding is the mean of its sentences' unit embeddings, one a template.
///
/// - Source: Radford et al. 2021, arXiv:2103.00020, section 3.1.4.
public struct ZeroShot: Sendable {
    /// Unit embeddings of the classes, `[K, D]`.
    public let classEmbeddings: Tensor

    /// - Parameters:
    ///   - classes: K names.
    ///   - templates: sentences with `{}` where the name goes, such as "a photo of a {}".
    ///   - embed: from sentences to their embeddings `[n, D]`.
    public init(classes: [String], templates: [String] = ["{}"], embed: ([String]) throws -> Tensor) rethrows {
        let sentences = classes.flatMap { name in templates.map { Self.fill($0, with: name) } }
        let embedded = try embed(sentences).detached.l2Normalized()  // [K templates, D]
        let width = embedded.shape[1]
        classEmbeddings = embedded.reshaped([classes.count, templates.count, width]).mean(axis: 1).l2Normalized()
    }

    /// The sentence of a class: the name in place of `{}`.
    public static func fill(_ template: String, with name: String) -> String {
        let parts = template.split(separator: "{}", omittingEmptySubsequences: false)
        return parts.count == 1 ? template + " " + name : parts.joined(separator: name)
    }

    /// Cosine similarities of queries `[N, D]` with the classes, `[N, K]`.
    public func similarities(_ queries: Tensor) -> Tensor {
        queries.detached.l2Normalized().matmul(classEmbeddings, transposing: .right)
    }

    /// The most similar class of each query; of equal ones the first.
    public func classify(_ queries: Tensor) -> [Int] {
        similarities(queries).argmax(axis: 1).integerScalars.map(Int.init)
    }
}
