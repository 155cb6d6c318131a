import ConcordFiles
import ConcordInterchange
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Features of files and texts that were computed before, kept in a directory: a probe of the same items by the same
/// weights reads them back.
///
/// A file is named by a hash of all that decides its contents: the weights' fingerprint, the input, the layer, how
/// images and sounds become tensors, and each item's name, of a file with its size and the time of its last change. It
/// is written beside and renamed, so that a reader never sees half of one.
struct FeatureStore: Sendable {
    /// Nil: nothing is kept.
    let directory: String?

    /// What decides a file's contents.
    struct Key {
        private var hash = Fingerprint()

        /// - Parameters:
        ///   - fingerprint: of the weights.
        ///   - views: how files become tensors, as YAML.
        init(fingerprint: String, _ input: RecipeInput, _ layer: ProbedLayer?, views: String) {
            for text in [fingerprint, input.name, layer.map { "\($0.number) \($0.pooling)" } ?? "", views] { add(text) }
        }

        mutating func add(_ text: String) { hash.add(text) }

        /// An item, of a file with its size and its last change.
        mutating func add(item name: String, isFile: Bool, part: String) {
            add(name)
            add(part)
            guard isFile, let status = PathEncoding.status(of: name) else { return }
            add("\(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)")
        }

        var name: String { "features-" + hash.description + ".safetensors" }
    }

    /// The features of a key, `[count, C]`; nil where there are none.
    func load(_ key: Key, count: Int) -> Tensor? {
        guard let directory, PathEncoding.isThere(directory + "/" + key.name),
            let file = try? Safetensors(path: directory + "/" + key.name),
            let features = try? file.tensor("features"), features.rank == 2, features.shape[0] == count
        else { return nil }
        return features
    }

    /// Keeps features.
    /// - Returns: why they could not be written, which is no fault: they can be computed again; nil where they were.
    func store(_ features: Tensor, _ key: Key) -> String? {
        guard let directory else { return nil }
        do {
            try Folder.make(directory)
            try Safetensors.write([("features", features.detached)], to: directory + "/" + key.name)
            return nil
        } catch { return "features are not kept: \(error)" }
    }
}
