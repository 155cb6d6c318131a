import ConcordFiles
import ConcordLayers
import ConcordTensors

/// What is logged of one step, a line of `metrics.jsonl`:
///
/// | member | value |
/// |---|---|
/// | `step` | optimizer updates so far, from 1 |
/// | `epoch` | from 1 |
/// | `loss` | mean over the update's samples |
/// | `parts` | the terms of the loss by name, each before its weight |
/// | `metrics` | scalars that are no term of the loss: `logit_scale`, `accuracy`, `image_spread` |
/// | `learning_rate` | after the schedule's factor |
/// | `gradient_norm` | before clipping |
/// | `items_per_second` | samples |
/// | `resident_bytes` | memory of the process |
/// | `multiply_adds` | of this step, by kind: `convolution`, `matmul`, `attention`, `recurrent` (``MultiplyAdds``) |
/// | `cost` | of the whole run so far, earlier parts of a resumed run included: the members of ``RunCost`` |
/// | `evaluation` | held-out metrics by name, where one ran after this step |
/// | `seconds` | since the run started, earlier parts of a resumed run included |
///
/// A value that is not finite is `null`. Members of `cost`: `steps`, `multiply_adds` (by kind), `step_seconds`,
/// `wall_seconds`, `processor_seconds`, `joules` where the machine tells, `peak_resident_bytes`, `bytes_read`,
/// `bytes_written`, `storage_bytes_read`, `storage_bytes_written`; what the system counts is at most a tenth of a
/// second old.
struct StepMetrics {
    var step = 0
    var epoch = 0
    var loss: Float = 0
    var parts: [(name: String, value: Float)] = []
    var metrics: [(name: String, value: Float)] = []
    var learningRate = 0.0
    var gradientNorm = 0.0
    var itemsPerSecond = 0.0
    var residentBytes = 0
    var multiplyAdds = MultiplyAdds()
    var cost = RunCost()
    var seconds = 0.0
    var evaluation: [Metric] = []

    /// One line of JSON. `step` comes first and `seconds` last: cutting a file back relies on it.
    var line: String {
        var members = [
            "\"step\":\(step)", "\"epoch\":\(epoch)", "\"loss\":\(JSONText.number(loss))",
            "\"parts\":\(Self.object(parts))", "\"metrics\":\(Self.object(metrics))",
            "\"learning_rate\":\(JSONText.number(learningRate))",
            "\"gradient_norm\":\(JSONText.number(Float(gradientNorm)))",
            "\"items_per_second\":\(JSONText.number((itemsPerSecond * 10).rounded() / 10))",
            "\"resident_bytes\":\(residentBytes)", "\"multiply_adds\":\(multiplyAdds.json)", "\"cost\":\(cost.json)",
        ]
        if !evaluation.isEmpty {
            members.append("\"evaluation\":\(Self.object(evaluation.map { (name: $0.name, value: $0.value) }))")
        }
        members.append("\"seconds\":\(JSONText.number((seconds * 1000).rounded() / 1000))")
        return "{" + members.joined(separator: ",") + "}\n"
    }

    private static func object(
        _ values: [(name: String, value: some BinaryFloatingPoint & CustomStringConvertible)]
    )
        -> String
    {
        "{" + values.map { "\(JSONText.quoted($0.name)):\(JSONText.number($0.value))" }.joined(separator: ",") + "}"
    }
}
