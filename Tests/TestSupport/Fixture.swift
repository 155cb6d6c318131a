import ConcordInterchange
public import ConcordTensors

/// The tensors that `Tests/Fixtures/AREA.py` made with PyTorch.
///
/// ```swift
/// expectClose(x.gelu(), Fixture("activations")["gelu"])
/// ```
public struct Fixture {
    private let file: Safetensors

    /// - Parameter area: the file's name without `.safetensors`.
    public init(_ area: String) {
        do { file = try Safetensors(path: Self.directory + "/" + area + ".safetensors") } catch {
            fatalError("\(error)")
        }
    }

    public subscript(name: String) -> Tensor {
        do { return try file.tensor(name) } catch { fatalError("\(error)") }
    }

    public var names: [String] { file.names }

    /// Data beside the repository, where they are there: `../shared/data`.
    public static let sharedData = directory + "/../../../shared/data"

    /// Where the fixtures are: `Tests/Fixtures`.
    public static let directory =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        + "/Fixtures"
}
