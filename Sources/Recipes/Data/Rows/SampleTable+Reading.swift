import ConcordDatasets

extension SampleTable {
    /// The rows of a table, a folder or a listing, with the columns that the recipe names.
    static func read(_ settings: DataSettings, path: String) throws -> Table {
        let table = try contents(settings, path: path)
        var named = [("data.group", settings.group)]
        for (input, segment) in settings.segments where settings.kind == .table {
            let key = input == .audio ? "data.columns" : "data.columns.\(input.name)"
            named += [("\(key).start", segment.start), ("\(key).end", segment.end)]
        }
        named.sort { $0.0 > $1.0 }
        for case (let key, let column?) in named where !table.columns.contains(column) {
            throw RecipeError.data(
                message: "\(key): \(DatasetError.missingColumn(path: path, column: column, columns: table.columns))")
        }
        try table.require(columns: settings.columns.values.sorted() + settings.rename.keys.sorted())
        try requireFiles(settings, table)
        for input in settings.inputs {
            guard input.kind == .audio, let column = settings.columns[input], let segment = settings.segments[input]
            else { continue }
            guard segment.start != nil || segment.end != nil else { continue }
            try table.requireSegments(of: column, start: segment.start, end: segment.end)
        }
        return table
    }

    /// - Throws: where every row names a file by a web address.
    private static func requireFiles(_ settings: DataSettings, _ table: Table) throws {
        for (input, column) in settings.columns where input.kind.isFile {
            guard let row = table.first, FileAddress.isRemote(row.path(column)) else { continue }
            guard table.allSatisfy({ FileAddress.isRemote($0.path(column)) }) else { continue }
            throw RecipeError.data(
                message:
                    "\(row.place): column \"\(column)\" has web addresses, the first \(row[column]); only files are "
                        + "read: download them "
                    + "first and put their paths in the table")
        }
    }

    private static func contents(_ settings: DataSettings, path: String) throws -> Table {
        switch settings.kind {
        case .table:
            let separators: [DataSettings.Separator: Character] = [
                .tab: "\t", .comma: ",", .semicolon: ";", .pipe: "|",
            ]
            // With two inputs a sample has both; of three it may lack one.
            let wanted = settings.columns.count > 2 ? [] : settings.columns.values.sorted()
            // A label may be missing: self-supervised objectives need none.
            if Table.isJSONLines(path) {
                let table = try Table(jsonLines: path, columns: wanted)
                try table.require(columns: settings.labels)
                return table
            }
            let table = try Table(
                csv: path, separator: separators[settings.separator, default: "\t"],
                quoting: settings.quoting == .none ? .none : .standard, columns: wanted)
            try table.require(columns: settings.labels)
            return table
        case .folder:
            return settings.first(.audio) == nil
                ? try ImageFolder(path).table : try AudioFolder(path).table
        case .files: return try FileListing(path, pattern: settings.pattern).table
        case .videos: return try VideoFolder(path).table
        case .movingShapes: return settings.drawn?.table ?? Table(listing: path, columns: ["filepath"], rows: [])
        case .text: throw RecipeError.data(message: "\(path): running text has no rows")
        }
    }
}
