import ArgumentParser
import Concord

/// `--bad-limit`, for commands over many files.
struct BadLimitOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The fraction of the files, from 0 to 1, that may be unreadable. Above it nothing is written and the \
            status is 1.
            """,
            valueName: "fraction"))
    var badLimit = 1.0

    func validate() throws {
        guard (0...1).contains(badLimit) else { throw ValidationError("--bad-limit wants 0 to 1, not \(badLimit)") }
    }
}

extension BadLimitOption {
    /// - Throws: if more than the limit of `count` files were left out; one always may be.
    func check(_ leftOut: [Rejected], of count: Int) throws {
        let fraction = Double(leftOut.count) / Double(max(1, count))
        guard leftOut.count > 1, fraction > badLimit, let first = leftOut.first else { return }
        throw DatasetError.tooManyBadSamples(
            fraction: fraction, limit: badLimit, bad: leftOut.count, tried: count,
            examples: ["\(first.name): \(first.reason)"])
    }
}

extension MediaFiles.Listing {
    /// Names on standard error what is not even tried, and says what of the folders is no media.
    func report() {
        for file in rejected { StandardError.line("left out: \(file.name): \(file.reason)") }
        if otherCount > 0 { StandardError.line("\(otherCount) other files in the folders are not of this kind") }
        if repeatedCount > 0 {
            StandardError.line("\(repeatedCount) further names of the same files are not read again")
        }
    }
}

/// A file without an answer, in JSON.
struct LeftOut: Encodable {
    let file: String
    let reason: String

    init(_ rejected: Rejected) { (file, reason) = (rejected.name, rejected.reason) }
}
