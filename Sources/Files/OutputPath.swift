#if canImport(Glibc)
    import Glibc
#endif

/// Checks that a file to write does not destroy a file that is read.
package enum OutputPath {
    /// Refuses an output that is one of the inputs, by whatever path or link each of them is named.
    ///
    /// The file beside the output that `ReplacedFile` writes first is checked too.
    /// - Throws: `FileError` for `output`, with the input's path in its reason.
    package static func requireDistinct(_ output: String, from inputs: [String]) throws(FileError) {
        let written = Set([output, ReplacedFile.temporaryPath(of: output)].compactMap { FileIdentity(ofFile: $0) })
        guard !written.isEmpty else { return }
        for input in inputs {
            guard let identity = FileIdentity(ofFile: input), written.contains(identity) else { continue }
            let name = input == output ? "it is one of the input files" : "it is the same file as the input \(input)"
            throw FileError(
                path: output, code: EEXIST, reason: "\(name), which writing would destroy; choose another path")
        }
    }
}
