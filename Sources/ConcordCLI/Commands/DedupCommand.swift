import ArgumentParser
import Concord
import ConcordFiles
import ConcordThreadOptions

struct DedupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dedup",
        abstract:
            "Lists duplicates inside the training part and across the split, and writes a list that leaves them out.",
        discussion: """
            RECIPE is a YAML file, a built-in recipe, or a run directory, whose recipe is taken: its data keys say \
            which rows are trained on and which are held out.

            Duplicates are of three kinds. file: the same bytes. content: the same pixels or samples in another file, \
            or the same text but for case and white space. near: an image that was re-encoded, resized or cropped by \
            up to a tenth, a recording that was resampled, made louder or quieter or cut at its ends, a text with \
            eight in ten of its runs of three words.

            --out writes the training items to leave out: those that have a duplicate among the held-out ones, and of \
            the others all but one of those that are duplicates of each other. `data.exclude` reads it.

              concord dedup photos --data shop
              concord dedup photos --data shop --out shop/excluded.txt
              concord train photos --data shop --set data.exclude=excluded.txt
              concord dedup --run runs/photos --data shop          candidates by the run's embeddings

            --json prints {train, held_out, leaked: {total, file, content, near}, pairs: [{kind, similarity, train, \
            held_out}], groups: [{kind, similarity, items}], excluded: [{item, original, kind, similarity}], notes, \
            left_out: [{file, reason}]}; with --run copies: [{input, threshold, held_out, copies, labels}], with \
            --negatives {inputs, threshold, count, affected, items, per_anchor, pairs}.

            With --run also: how many held-out items have a training item nearer than half the usual distance between \
            nearest training items, and how often the nearest one's label is right for those and for the others. \
            --negatives lists pairs of inputs of different training items (an image and another one's caption) that \
            are as similar as those of one item: a contrastive loss pushes them apart.

            Files that cannot be read are named on standard error and left out; the status is 1 then.
            """)

    @Argument(help: "A recipe file, the name of a built-in recipe, or a run directory; --run's where left out.")
    var recipe: String?
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Looks for near duplicates by this run's embeddings.", valueName: "run"))
    var directory: String?
    @Option(
        help: "The cosine similarity of embeddings from which items are compared; by default chosen from the data.")
    var similarity: Float?
    @Flag(help: "Takes near duplicates by the run's embeddings alone, without comparing contents.")
    var unverified = false
    @Option(
        parsing: .upToNextOption,
        help: "The recipe's inputs whose items are compared; by default those of files, else those of texts.")
    var inputs: [String] = []
    @Option(
        name: .customLong("set"),
        help: "key=value: overrides one key of the recipe, such as data.held_out=test.tsv.")
    var overrides: [String] = []
    @Option(help: "The list to write, which data.exclude reads.") var out: String?
    @Option(name: .customShort("k"), help: "How many pairs and groups to print, at most; --json has all.")
    var count = 20
    @Option(
        help: "Lists so many negatives of the contrastive --run that are as similar as positives.")
    var negatives: Int?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard recipe != nil || directory != nil else {
            throw ValidationError("Which data? Give RECIPE, a recipe file or name, or --run.")
        }
        guard directory != nil || similarity == nil && !unverified else {
            throw ValidationError("--similarity and --unverified want --run")
        }
        guard directory != nil || negatives == nil, negatives ?? 1 > 0 else {
            throw ValidationError("--negatives wants --run, and 1 or more")
        }
        guard similarity.map({ (-1...1).contains($0) }) ?? true else {
            throw ValidationError("--similarity wants a cosine, -1 to 1")
        }
        guard out != "" else { throw ValidationError("--out is empty; give the file to write") }
        guard count >= 0 else { throw ValidationError("-k wants 0 or more, not \(count)") }
    }

    func run() throws {
        threads.apply()
        let model = try directory.map { try Run($0) }
        let recipe = try Recipe(of: recipe ?? directory ?? "", overrides: overrides)
        let candidates: Recipe.DuplicateCandidates =
            model.map { .embeddings($0, least: similarity, isVerified: !unverified) } ?? .content
        let progress = StepProgress()
        let found = try recipe.duplicates(data: data, inputs: inputs, by: candidates, progress: progress.update)
        let likely = try negatives.flatMap { count in
            try model?.likelyPositives(data: data, count: count, progress: progress.update)
        }
        progress.finish()
        for file in found.rejected { StandardError.line("left out: \(file.name): \(file.reason)") }
        if let out { try write(found, to: out) }
        var output = StandardOutput()
        if json {
            try output.json(DuplicatesJSON(found, likely))
        } else {
            try show(found, on: &output)
            if let likely { try show(likely, on: &output) }
        }
        try output.finish()
        if !found.rejected.isEmpty { throw ExitCode.failure }
    }

    private func write(_ found: Duplicates, to path: String) throws {
        try OutputPath.requireDistinct(path, from: found.redundancies.map { "\(data)/\($0.item.name)" })
        try WholeFile.write(PathEncoding.bytes(of: found.exclusionList), to: path)
    }

    private func show(_ found: Duplicates, on output: inout StandardOutput) throws {
        let items = found.trainCount == 1 ? "1 item" : "\(found.trainCount) items"
        try output.line("\(items) to train on and \(found.heldOutCount) held out compared")
        for note in found.notes { try output.line(note) }
        if found.heldOutCount > 0 {
            let kinds = Duplicates.Kind.allCases.map { "\(found.leakedCount($0)) \($0.words)" }.joined(separator: ", ")
            try output.line(
                "\(found.leakedCount) of \(found.heldOutCount) held-out items have a duplicate that is trained on: "
                    + kinds)
        }
        let repeated = found.groups.reduce(0) { $0 + $1.items.count }
        try output.line("\(repeated) training items are duplicates of each other, in \(found.groups.count) groups")
        for copies in found.copies { for line in copies.lines { try output.line(line) } }
        if out != nil {
            try output.line("\(found.redundancies.count) training items to leave out in \(out ?? "")")
        }
        if !found.pairs.isEmpty, count > 0 {
            try output.line("\nkind\tsimilarity\ttrained on\theld out")
            for pair in found.pairs.prefix(count) {
                let similarity = decimals(pair.similarity, 3)
                try output.line("\(pair.kind.rawValue)\t\(similarity)\t\(pair.train.shown)\t\(pair.heldOut.shown)")
            }
            try more(found.pairs.count, "pairs", on: &output)
        }
        if !found.groups.isEmpty, count > 0 {
            try output.line("\nkind\tsimilarity\ttrained on")
            for group in found.groups.prefix(count) {
                let names = group.items.map(\.shown).joined(separator: "\t")
                try output.line("\(group.kind.rawValue)\t\(decimals(group.similarity, 3))\t\(names)")
            }
            try more(found.groups.count, "groups", on: &output)
        }
    }

    private func show(_ found: LikelyPositives, on output: inout StandardOutput) throws {
        let (first, second) = found.inputs
        try output.line(
            "\n\(found.count) pairs of different items' \(first) and \(second) are as similar as the median pair of "
                + "one item (\(decimals(found.threshold, 3))): \(found.affectedCount) of \(found.anchorCount) items of "
                + "\(first) have one, \(decimals(Float(found.perAnchor), 2)) in a batch on average")
        guard !found.pairs.isEmpty else { return }
        try output.line("similarity\town\t\(first)\t\(second)")
        for pair in found.pairs {
            try output.line(
                "\(decimals(pair.similarity, 3))\t\(decimals(pair.ownSimilarity, 3))\t\(pair.first.escapedField)\t"
                    + pair.second.escapedField)
        }
    }

    private func more(_ total: Int, _ noun: String, on output: inout StandardOutput) throws {
        if total > count { try output.line("… \(total - count) more \(noun) (-k)") }
    }
}

extension Duplicates.Kind {
    fileprivate var words: String {
        switch self {
        case .file: "the same file"
        case .content: "the same content"
        case .near: "near"
        }
    }
}

extension NearestCopies {
    fileprivate var lines: [String] {
        var result = [
            "\(copyCount) of \(count) held-out items of \(input) have a training item within cosine "
                + "\(decimals(threshold, 4)), half the usual distance; median to the nearest "
                + decimals(medianSimilarity, 4)
        ]
        for (label, found) in labels.sorted(by: { $0.key < $1.key }) {
            let copies = decimals(Float(found.copies.accuracy), 3), others = decimals(Float(found.others.accuracy), 3)
            result.append(
                "the nearest training item has the right \(label) for "
                    + (found.copies.count > 0 ? "\(copies) of the \(found.copies.count) with such a one, " : "")
                    + "\(others) of the \(found.others.count) others")
        }
        return result
    }
}

extension Duplicates.Item {
    /// Its name, and the beginning of its text.
    fileprivate var shown: String {
        guard let text else { return name.escapedField }
        let start = text.count > 60 ? text.prefix(59) + "…" : Substring(text)
        return "\(name.escapedField) \"\(String(start).escapedField)\""
    }
}

/// How far a command of several steps is.
private final class StepProgress {
    private var step = ""
    private var meter: ItemProgress?

    func update(_ step: String, _ done: Int, _ total: Int) {
        if step != self.step {
            meter?.finish()
            (self.step, meter) = (step, ItemProgress(total: total, unit: step))
        }
        meter?.update(done)
    }

    func finish() { meter?.finish() }
}
