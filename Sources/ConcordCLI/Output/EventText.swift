import Concord
import ConcordDemo
import ConcordFiles

/// What happens in training, in the words that the command line prints.
enum EventText {
    static func text(of event: TrainingEvent) -> String? {
        switch event {
        case .fact(let sentence): return PathEncoding.readable(sentence)
        case .note(let sentence): return "note: \(sentence)"
        case .start(let start):
            let ranks =
                start.ranks == 1
                ? "" : "; \(start.ranks) ranks, \(start.ranksOfHost) on this machine, by \(start.library)"
            return "\(start.data); \(counted(start.stepsPerEpoch, "step")) an epoch; "
                + "\(start.parameterCount) parameters; precision \(start.precision); "
                + "\(counted(start.threads, "thread"))"
                + "\(start.ranks == 1 ? "" : " a rank"), products by \(start.products)" + ranks
        case .resumed(let step): return "resumed at step \(step)"
        case .lengthChange(let sentence): return sentence
        case .untrained(let report): return report.isEmpty ? nil : "untrained:\n" + report.summary
        case .unreadableSamples(let count, let first):
            return "\(counted(count, "unreadable sample")) replaced by others; the first: "
                + PathEncoding.readable(first)
        case .stoppedEarly(let step, let metric, let patience):
            return "stopped at step \(step): \(metric) has not improved for \(counted(patience, "evaluation"))"
        case .evaluated(let report): return PathEncoding.readable(report.summary)
        case .cost(let cost): return CostText.text(of: cost)
        case .finished(let directory): return PathEncoding.readable("the run is in \(directory)")
        case .interrupted(let step): return "stopped at step \(step); go on with --resume"
        }
    }

    static func text(of event: DemoEvent) -> String? {
        switch event {
        case .data(let folder, let trainingSamples, let heldOut):
            return "\(trainingSamples) things to train on in \(folder), an image, a sound and a caption each; "
                + "\(heldOut) combinations held out"
        case .training(let event): return text(of: event)
        case .search(let candidates):
            return "\nSearch among \(candidates) combinations never seen in training. By sentence, in images and in "
                + "sounds:"
        case .queries(.imagesInSounds): return "\nBy image, in sounds:"
        case .queries(.soundsInImages): return "\nBy sound, in images:"
        case .queries(.imagesInImages): return "\nBy image, in images, itself left out:"
        case .answers(let query, let answers):
            let lines = answers.map { answer in
                let similarity = NumberText.fixed(answer.similarity, decimals: 3)
                return "    \(similarity)  \(answer.caption)\(answer.isCorrect ? "  <- correct" : "")"
            }
            return (["\n  \(query)"] + lines).joined(separator: "\n")
        case .finished(let contactSheet, let directory, let sound):
            return """

                Queries and answers as an image: \(contactSheet)
                Search on:
                  concord search \(directory)/run --index \(directory)/images.safetensors --text \
                "a large green ring on the left"
                  concord search \(directory)/run --index \(directory)/images.safetensors --audio \(sound)
                """
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
