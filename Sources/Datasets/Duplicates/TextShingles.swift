import ConcordFiles

/// What is compared of a text to find its near duplicates: its runs of three words.
package struct TextShingles: Sendable {
    /// In lower case, with one space between words: equal for texts that differ in case and white space alone.
    package let normalized: String
    /// Hashes of the runs of three words, ascending, each once; empty for a text of fewer than eight words, of which
    /// one word more or less makes another.
    let shingles: [UInt64]

    private static let run = 3, fewestWords = 8

    package init(_ text: String) {
        normalized = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let words = normalized.split { !$0.isLetter && !$0.isNumber }
        guard words.count >= Self.fewestWords else {
            shingles = []
            return
        }
        let hashes = words.map { word in
            var hash = Fingerprint()
            hash.add(String(word))
            return hash.value
        }
        let all = (0...words.count - Self.run).map { first -> UInt64 in
            hashes[first..<first + Self.run].reduce(0) { ($0 &* 0x9E37_79B9_7F4A_7C15) ^ ($1 &+ ($0 &>> 29)) }
        }
        shingles = Set(all).sorted()
    }

    /// Whether a near duplicate can be found.
    package var isComparable: Bool { !shingles.isEmpty }

    /// Runs of words that both have, over those that either has (Jaccard), 0 to 1.
    package func similarity(to other: TextShingles) -> Float {
        var i = 0, j = 0, common = 0
        while i < shingles.count, j < other.shingles.count {
            if shingles[i] == other.shingles[j] {
                (i, j, common) = (i + 1, j + 1, common + 1)
            } else if shingles[i] < other.shingles[j] {
                i += 1
            } else {
                j += 1
            }
        }
        let all = shingles.count + other.shingles.count - common
        return all > 0 ? Float(common) / Float(all) : 0
    }

    /// The similarity from which two texts are near duplicates: that of Lee et al. 2022, arXiv:2107.06499, section 4.2.
    package static let nearSimilarity: Float = 0.8

    /// Keys that near duplicates share one of: 32 hashes of the smallest of four permutations of the shingles each.
    ///
    /// Texts of similarity 0.8 share one with probability 0.99999995, those of 0.3 with 0.23.
    /// - Source: Broder 1997, "On the resemblance and containment of documents"; Indyk, Motwani 1998.
    package var bands: [UInt64] {
        (0..<32).map { band in
            (0..<4).reduce(UInt64(band)) { key, row in
                let seed = Self.mixed(UInt64(band * 4 + row + 1) &* 0x9E37_79B9_7F4A_7C15)
                let smallest = shingles.reduce(UInt64.max) { min($0, Self.mixed($1 ^ seed)) }
                return Self.mixed(key ^ smallest) &+ key
            }
        }
    }

    /// splitmix64's output function.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var x = value
        x = (x ^ x &>> 30) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ x &>> 27) &* 0x94D0_49BB_1331_11EB
        return x ^ x &>> 31
    }
}
