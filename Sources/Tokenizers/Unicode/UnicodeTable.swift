import ConcordFiles
import Vocab

/// What the tokenizers ask of a Unicode scalar, frozen in Vocab/unicode.txt: the same ids with every version of Swift.
struct UnicodeTable: Sendable {
    /// What BERT and GPT-2 make of a scalar.
    struct Traits: OptionSet, Sendable {
        let rawValue: UInt8
        static let dropped = Traits(rawValue: 1), blank = Traits(rawValue: 2), cjk = Traits(rawValue: 4),
            punctuation = Traits(rawValue: 8)
        static let letter = Traits(rawValue: 16), number = Traits(rawValue: 32), space = Traits(rawValue: 64)
    }

    /// What decomposition, removal of marks and lower-casing leave of a run of scalars.
    enum Fold: Sendable {
        case itself, hangul
        /// The first of the run becomes this scalar, the second the next, and so on.
        case consecutive(UInt32)
        case constant([UInt32])
    }

    struct Run: Sendable {
        let first: UInt32, last: UInt32
        let traits: Traits
        let fold: Fold
    }

    /// Traits, and the folding of lower-casing together with the removal of accents.
    static let shared = UnicodeTable(concord_unicode)
    /// Lower-casing alone; no traits.
    static let lowercase = UnicodeTable(concord_unicode_lowercase)
    /// Decomposition and the removal of accents alone; no traits.
    static let unaccented = UnicodeTable(concord_unicode_unaccented)

    private let runs: [Run]
    private let firsts: [UInt32]
    /// The traits of the ASCII scalars.
    let ascii: [Traits]

    private init(_ file: (UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>?) {
        var count = 0
        let bytes = file(&count)
        var reader = UnicodeTableReader(bytes: UnsafeBufferPointer(start: bytes, count: count))
        runs = reader.runs()
        firsts = runs.map(\.first)
        var ascii = [Traits](repeating: [], count: 128)
        for run in runs where run.first < 128 {
            for scalar in run.first...min(run.last, 127) { ascii[Int(scalar)] = run.traits }
        }
        self.ascii = ascii
    }

    func traits(_ scalar: UInt32) -> Traits { scalar < 128 ? ascii[Int(scalar)] : run(scalar)?.traits ?? [] }

    /// The run that holds a scalar; nil where it is an ordinary one.
    func run(_ scalar: UInt32) -> Run? {
        let next = firsts.partitioningIndex { $0 > scalar }
        guard next > 0, runs[next - 1].last >= scalar else { return nil }
        return runs[next - 1]
    }

    /// Whether folding leaves anything but the scalar itself.
    func changes(_ scalar: UInt32) -> Bool {
        guard let run = run(scalar) else { return false }
        if case .itself = run.fold { return false }
        return true
    }

    /// Calls `body` with each scalar that folding leaves of one in `run`.
    @inline(__always)
    static func fold(_ scalar: UInt32, in run: Run?, _ body: (UInt32) -> Void) {
        switch run?.fold ?? .itself {
        case .itself: body(scalar)
        case .consecutive(let first): body(first + scalar - (run?.first ?? scalar))
        case .constant(let scalars): scalars.forEach(body)
        case .hangul:
            let index = scalar - 0xAC00
            body(0x1100 + index / 588)
            body(0x1161 + index % 588 / 28)
            if index % 28 > 0 { body(0x11A7 + index % 28) }
        }
    }
}
