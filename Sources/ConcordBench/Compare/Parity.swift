import Concord

/// Checks that both programs train the same model.
enum Parity {
    /// Dumps PyTorch's weights and inputs and runs three steps from them here.
    /// - Returns: how far the losses are apart at most, relative to PyTorch's.
    /// - Throws: `BenchError` where the numbers of parameters differ or the losses do.
    static func check(
        _ workload: any Workload.Type, _ baseline: PyTorchBaseline, _ precision: Precision, in directory: String
    ) throws -> Float {
        let expected = try baseline.dump(workload.name, precision, to: directory)
        let path = directory + "/" + workload.name + ".safetensors"
        let own = try LossesCommand.losses(of: workload, precision, dump: path),
            count = try parameterCount(Safetensors(path: path))
        guard own.parameters == count else {
            throw BenchError.otherModel(workload: workload.name, own: own.parameters, baseline: count)
        }
        let distance = zip(own.losses, expected).map { abs($0 - $1) / max(1e-6, abs($1)) }.max() ?? .infinity
        guard distance <= tolerance(precision) else {
            throw BenchError.otherLosses(workload: workload.name, own: own.losses, baseline: expected)
        }
        return distance
    }

    /// AdamW's first updates are the gradients' signs: rounding decides where a gradient is near zero.
    ///
    /// In bfloat16, whose relative precision is 1/256, the programs round activations in different places.
    private static func tolerance(_ precision: Precision) -> Float { precision == .float32 ? 2e-3 : 5e-2 }

    private static func parameterCount(_ dump: Safetensors) -> Int {
        let statistics = ["running_mean", "running_var", "num_batches_tracked"]
        return dump.names.filter { name in name.hasPrefix("model.") && !statistics.contains { name.hasSuffix($0) } }
            .reduce(0) { $0 + (dump.shape(of: $1) ?? []).reduce(1, *) }
    }
}
