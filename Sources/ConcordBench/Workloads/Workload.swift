import Concord

/// A training step that is defined in full by `peers/torch_steps.py`: shapes, model, loss.
protocol Workload {
    static var name: String { get }
    /// Samples of a step, or tokens where the peer counts those.
    static var items: Int { get }
    /// Products that a step executes.
    static var products: ProductCount { get }
    /// What the peer calls `name`, in this model's own words.
    static func ownName(_ name: String) -> String

    init(_ inputs: StepInputs) throws

    var model: any Module { get }
    func loss() -> Tensor
}

enum Workloads {
    static var all: [any Workload.Type] {
        [ClipRN18.self, ClipRN50.self, SimCLRRN18.self, BERTSmall.self, CPCAudio.self, InfoNCE16k.self]
    }

    static func named(_ name: String) throws -> any Workload.Type {
        guard let found = all.first(where: { $0.name == name }) else { throw BenchError.unknownWorkload(name) }
        return found
    }

    /// All where none is named.
    static func named(_ names: [String]) throws -> [any Workload.Type] {
        names.isEmpty ? all : try names.map { try named($0) }
    }
}
