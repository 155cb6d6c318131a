import Concord

/// A training step with the shapes, the model and the loss of `torch_steps.py`.
protocol Workload {
    static var name: String { get }
    /// Samples of a step, or tokens where `torch_steps.py` counts those.
    static var items: Int { get }
    /// The matmuls and convolutions of a step.
    static var operationCount: OperationCount { get }
    /// This model's path of the parameter that `torch_steps.py` calls `name`.
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
