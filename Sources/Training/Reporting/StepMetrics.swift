import ConcordFiles

/// What is logged of one step.
struct StepMetrics {
    /// Updates so far, this one among them: the first line of a run has 1.
    var step = 0
    /// From 1.
    var epoch = 0
    var loss: Float = 0
    var parts: [(name: String, value: Float)] = []
    var learningRate = 0.0
    /// Before clipping.
    var gradientNorm = 0.0
    var itemsPerSecond = 0.0
    var residentBytes = 0
    /// Since the run started, earlier parts of a resumed one included.
    var seconds = 0.0
    var evaluation: [(name: String, value: Double)] = []

    /// One line of JSON. `step` comes first and `seconds` last: cutting a file back relies on it.
    var line: String {
        var parts = parts
        let scale = parts.firstIndex { $0.name == "logit_scale" }.map { parts.remove(at: $0).value }
        var members = ["\"step\":\(step)", "\"epoch\":\(epoch)", "\"loss\":\(JSONText.number(loss))"]
        members.append(
            "\"parts\":{"
                + parts.map { "\(JSONText.quoted($0.name)):\(JSONText.number($0.value))" }.joined(separator: ",")
                + "}")
        members += [
            "\"learning_rate\":\(JSONText.number(learningRate))",
            "\"gradient_norm\":\(JSONText.number(Float(gradientNorm)))",
        ]
        if let scale { members.append("\"logit_scale\":\(JSONText.number(scale))") }
        members += [
            "\"items_per_second\":\(JSONText.number((itemsPerSecond * 10).rounded() / 10))",
            "\"resident_bytes\":\(residentBytes)",
        ]
        if !evaluation.isEmpty {
            let metrics = evaluation.map { "\(JSONText.quoted($0.name)):\(JSONText.number($0.value))" }
            members.append("\"evaluation\":{" + metrics.joined(separator: ",") + "}")
        }
        members.append("\"seconds\":\(JSONText.number((seconds * 1000).rounded() / 1000))")
        return "{" + members.joined(separator: ",") + "}\n"
    }
}
