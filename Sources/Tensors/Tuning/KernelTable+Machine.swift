extension KernelTable {
    /// The same with nothing left to this machine's standard: what a run that is to be repeated elsewhere, or under
    /// other environment variables, records.
    package var resolved: KernelTable {
        var table = self
        table.matmul = matmul ?? .standard
        table.machine = machine ?? .current
        table.threads = threads ?? Threads.count
        return table
    }

    /// This table without what this machine cannot do.
    /// - Returns: the rest of it, and what was left out, in words; empty where all of it can be done.
    package func supported() -> (table: KernelTable, missing: [String]) {
        var table = self, missing: [String] = []
        if table.matmul?.splits == true, !BFloat16x3GEMM.isAvailable {
            table.matmul?.splits = false
            missing.append("float32 products on AMX's tiles")
        }
        if table.matmul?.blocks == true, !Float32GEMM.isAvailable {
            table.matmul?.blocks = false
            missing.append("float32 products of our own on AVX-512")
        }
        let absent = Set(convolutions.filter { !$0.isSupported }.map(\.method)).sorted()
        if !absent.isEmpty {
            table.convolutions.removeAll { !$0.isSupported }
            missing += absent.map { "convolutions by \($0)" }
        }
        return (table, missing)
    }
}

extension KernelTable {
    /// What it chooses, for people.
    package var summary: String {
        let count = convolutions.count, classes = count == 1 ? "class" : "classes"
        var parts = ["\(count) \(classes) of convolutions by other methods than the standard ones"]
        if let matmul {
            let own = matmul.blocks ? "Concord's kernels, small ones by " : ""
            parts.append("float32 products by \(own)\(matmul.library.rawValue)")
        }
        if let gain = bfloat16Gain { parts.append("training in bfloat16 \(gain) times as fast as in float32") }
        if let threads { parts.append("measured with \(threads) thread\(threads == 1 ? "" : "s")") }
        return parts.joined(separator: "; ")
    }
}

extension ConvolutionRule {
    /// Whether this build has the method, and this machine kernels for it.
    fileprivate var isSupported: Bool {
        ConvolutionPlan.isAvailable(method) && (!problems.isBFloat16 || Processor.hasBFloat16)
    }
}
