import ConcordDatasets

/// Items that are equal to each other, by their bytes or by what they hold.
struct EqualItems {
    /// For each item the first one that is equal to it: itself where there is none before it.
    private(set) var first: [Int]
    private let summaries: [ItemSummary?]

    /// Equal fingerprints are compared byte by byte, or pixel by pixel, to be sure.
    init(_ items: [ComparedItem], _ summaries: [ItemSummary?]) {
        self.summaries = summaries
        first = Array(items.indices)
        var byBytes: [UInt64: Int] = [:], byContent: [UInt64: Int] = [:], byText: [String: Int] = [:]
        for (place, summary) in summaries.enumerated() {
            guard let summary else { continue }
            if let text = summary.text {
                if text.normalized.isEmpty { continue }
                if let known = byText[text.normalized] { first[place] = known } else { byText[text.normalized] = place }
                continue
            }
            if let bytes = summary.bytes {
                if let known = byBytes[bytes], Self.haveEqualBytes(items[known], items[place]) {
                    first[place] = first[known]
                    continue
                }
                byBytes[bytes] = byBytes[bytes] ?? place
            }
            if let content = summary.content {
                if let known = byContent[content], Self.haveEqualContent(items[known], items[place]) {
                    first[place] = first[known]
                    continue
                }
                byContent[content] = byContent[content] ?? place
            }
        }
    }

    /// How two equal items are equal.
    func kind(_ a: Int, _ b: Int) -> Duplicates.Kind {
        summaries[a]?.bytes != nil && summaries[a]?.bytes == summaries[b]?.bytes ? .file : .content
    }

    /// All items equal to each one that is the first of its kind.
    var members: [Int: [Int]] { Dictionary(grouping: first.indices) { first[$0] } }

    private static func haveEqualBytes(_ a: ComparedItem, _ b: ComparedItem) -> Bool {
        guard let own = try? a.files(), let other = try? b.files(), own.count == other.count else { return false }
        guard a.item.input.kind == .video || a.segment == b.segment else { return false }
        return zip(own, other).allSatisfy { $0 == $1 || (try? ContentFingerprint.haveEqualBytes($0, $1)) ?? false }
    }

    private static func haveEqualContent(_ a: ComparedItem, _ b: ComparedItem) -> Bool {
        switch a.item.input.kind {
        case .image: (try? a.image() == b.image()) ?? false
        case .audio: (try? a.sound().audio == b.sound().audio) ?? false
        case .text, .video, .id: false
        }
    }
}
