import ConcordFiles

/// One pass over a table's bytes: finds its records, checks them, keeps their positions.
struct TableReader {
    let path: String
    let bytes: FileBytes
    let dialect: Dialect
    private var position: Int
    private var line = 1

    init(path: String, bytes: FileBytes, dialect: Dialect) {
        self.path = path
        self.bytes = bytes
        self.dialect = dialect
        position = bytes.markLength
    }

    /// The names in the next record, without white space around them.
    mutating func header() throws(DatasetError) -> [String] {
        while position < bytes.count {
            let start = position
            var names: [String] = []
            while true {
                let field = dialect.field(in: bytes.base, from: position, limit: bytes.count)
                if field.fault == .openQuote { throw .openQuote(path: path, line: line) }
                names.append(dialect.text(of: field, in: bytes).trimmingSpace)
                line += field.lines
                position = field.next + 1
                if field.next >= bytes.count || bytes.base[field.next] == dialect.lineEnd { break }
            }
            line += 1
            if names == [""] { continue }  // an empty line
            guard bytes.isUTF8(start..<min(position, bytes.count)) else {
                throw .encoding(
                    path: path, found: "not UTF-8 in its header", remedy: "correct the names of the columns")
            }
            for (place, name) in names.enumerated() where !name.isEmpty && names[..<place].contains(name) {
                throw .duplicateColumn(path: path, column: name)
            }
            return names
        }
        throw .emptyFile(path: path)
    }

    /// Every record that follows: good ones by place, bad ones by reason.
    /// - Parameter required: places of the columns that must be filled in.
    mutating func rows(columns: [String], required: [Bool]) throws(DatasetError) -> RowIndex {
        var index = RowIndex()
        while position < bytes.count {
            let start = position, first = line
            var end = start, count = 0, isBlank = false, stray = false, empty = -1
            while true {
                let field = dialect.field(in: bytes.base, from: position, limit: bytes.count)
                if field.fault == .openQuote { throw .openQuote(path: path, line: line) }
                if field.fault != nil { stray = true }
                if count < required.count, required[count], empty < 0, isBlankText(field.range) { empty = count }
                isBlank = count == 0 && field.range.isEmpty && !field.isQuoted
                count += 1
                line += field.lines
                position = field.next + 1
                end = field.isQuoted ? field.next : field.range.upperBound
                if field.next >= bytes.count || bytes.base[field.next] == dialect.lineEnd { break }
            }
            line += 1
            if isBlank, count == 1 { continue }
            let place = "\(path):\(first)"
            if count != columns.count {
                let span = line - first > 1 ? ", on lines \(first) to \(line - 1): a stray quote?" : ""
                index.bad.append(
                    "\(place): \(count) \(count == 1 ? "field" : "fields"), \(columns.count) wanted\(span)")
            } else if stray {
                index.bad.append("\(place): text after a closing quote; quotes inside a quoted field are doubled")
            } else if !bytes.isUTF8(start..<end) {
                index.bad.append("\(place): not UTF-8")
            } else if empty >= 0 {
                index.bad.append("\(place): column \"\(columns[empty])\" is empty")
            } else {
                index.append(start..<end, line: first)
            }
        }
        return index
    }

    private func isBlankText(_ range: Range<Int>) -> Bool {
        for p in range where bytes.base[p] > 0x20 { return false }
        return true
    }
}
