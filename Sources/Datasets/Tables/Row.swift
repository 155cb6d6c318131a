/// One row of a table: its fields by column name.
public struct Row: Sendable {
    let contents: TableContents
    let number: Int

    /// The text of a field.
    /// - Precondition: the table has the column: ask for it in `Table(csv:columns:)`, which throws.
    public subscript(column: String) -> String {
        guard let text = contents.text(row: number, column: column) else {
            let error = DatasetError.missingColumn(path: contents.path, column: column, columns: contents.columns)
            fatalError("Row: \(error)")
        }
        return text
    }

    /// A field that names a file, seen from the table's root; an absolute path stays as it is.
    ///
    /// A `file://` address is its path, decoded. Where no file has the name as it is written, one whose name is the
    /// same in the other Unicode normalization form is taken, or the name without white space around it. A web address
    /// stays, and no file can be opened at it.
    public func path(_ column: String) -> String { contents.files.path(of: self[column]) }

    /// A field that is a whole number.
    /// - Throws: `DatasetError.notAnInteger` with the row's place.
    public func integer(_ column: String) throws(DatasetError) -> Int {
        let text = self[column]
        guard let value = Int(text) else { throw .notAnInteger(place: place, column: column, value: text) }
        return value
    }

    /// The line of the file that the row starts on, from 1; of a listing of files, the file's position.
    public var line: Int { Int(contents.lines[number]) }

    /// Where the row is, for messages: `catalogue.tsv:17`, or the file of a listing.
    public var place: String {
        if let column = contents.placeColumn { return path(column) }
        return "\(contents.path):\(line)"
    }
}
