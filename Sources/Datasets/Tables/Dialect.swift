import ConcordFiles

/// What quotes mean in a table.
public enum Quoting: String, Sendable, CaseIterable {
    /// RFC 4180: a field that starts with `"` runs to the closing `"`, separators and line ends included; `""` inside
    /// is one quote.
    case standard
    /// Quotes are text like any other.
    case none
}

/// How a table's bytes fall into fields.
struct Dialect: Sendable {
    let separator: UInt8
    let quoting: Quoting
    /// What a row ends with: a line feed, or in files of old Mac programs a carriage return.
    var lineEnd = Dialect.feed

    enum Fault: Sendable { case textAfterQuote, openQuote }

    /// One field as it is in the bytes.
    struct Field {
        /// Its contents without the quotes around them.
        var range: Range<Int>
        /// Where it ends: at a separator, a line end or the limit.
        var next: Int
        var isQuoted = false
        /// Whether it has doubled quotes.
        var isEscaped = false
        /// Line ends in it.
        var lines = 0
        var fault: Fault?
    }

    init(separator: Character, quoting: Quoting) throws(DatasetError) {
        guard let byte = separator.asciiValue, !separator.isLetter, !separator.isNumber, byte != Self.quote,
            byte != Self.feed,
            byte != Self.carriage
        else { throw .separator(String(separator)) }
        self.separator = byte
        self.quoting = quoting
    }

    init(separator: UInt8, quoting: Quoting) {
        self.separator = separator
        self.quoting = quoting
    }

    static let quote = UInt8(ascii: "\""), feed = UInt8(ascii: "\n"), carriage = UInt8(ascii: "\r")

    /// The same for a file whose rows end as its first one does: the first line end outside of quotes decides.
    func fitted(to bytes: FileBytes) -> Dialect {
        var isQuoted = false
        for p in bytes.markLength..<bytes.count {
            let byte = bytes.base[p]
            if byte == Self.quote, quoting == .standard { isQuoted.toggle() }
            guard !isQuoted, byte == Self.feed || byte == Self.carriage else { continue }
            var result = self
            if byte == Self.carriage, p + 1 == bytes.count || bytes.base[p + 1] != Self.feed {
                result.lineEnd = Self.carriage
            }
            return result
        }
        return self
    }

    /// The field that starts at `start`; a carriage return before a line end belongs to the line end.
    @inline(__always)
    func field(in bytes: UnsafePointer<UInt8>, from start: Int, limit: Int) -> Field {
        if quoting == .standard, start < limit, bytes[start] == Self.quote {
            return quotedField(in: bytes, from: start, limit: limit)
        }
        var p = start
        while p < limit, bytes[p] != separator, bytes[p] != lineEnd { p += 1 }
        let atLineEnd = p == limit || bytes[p] == lineEnd
        return Field(range: start..<(atLineEnd && p > start && bytes[p - 1] == Self.carriage ? p - 1 : p), next: p)
    }

    private func quotedField(in bytes: UnsafePointer<UInt8>, from start: Int, limit: Int) -> Field {
        var field = Field(range: start..<start, next: limit, isQuoted: true)
        var p = start + 1
        while p < limit {
            if bytes[p] == Self.quote {
                guard p + 1 < limit, bytes[p + 1] == Self.quote else { break }
                field.isEscaped = true
                p += 1
            } else if bytes[p] == lineEnd {
                field.lines += 1
            }
            p += 1
        }
        field.range = start + 1..<p
        guard p < limit else {
            field.fault = .openQuote
            return field
        }
        p += 1
        if p < limit, bytes[p] == Self.carriage, p + 1 == limit || bytes[p + 1] == lineEnd { p += 1 }
        if p < limit, bytes[p] != separator, bytes[p] != lineEnd {
            field.fault = .textAfterQuote
            while p < limit, bytes[p] != separator, bytes[p] != lineEnd { p += 1 }
        }
        field.next = p
        return field
    }

    /// A field's text.
    func text(of field: Field, in bytes: FileBytes) -> String {
        guard field.isEscaped else { return bytes.text(field.range) }
        var contents: [UInt8] = []
        contents.reserveCapacity(field.range.count)
        var p = field.range.lowerBound
        while p < field.range.upperBound {
            contents.append(bytes.base[p])
            p += bytes.base[p] == Self.quote ? 2 : 1
        }
        return String(decoding: contents, as: UTF8.self)
    }

    /// A field as it is written: quoted where its contents ask for it.
    func written(_ text: String) -> [UInt8] {
        let utf8 = Array(text.utf8)
        guard utf8.contains(where: { $0 == separator || $0 == Self.quote || $0 == Self.feed || $0 == Self.carriage })
        else { return utf8 }
        return [Self.quote] + utf8.flatMap { $0 == Self.quote ? [$0, $0] : [$0] } + [Self.quote]
    }
}
