/// The names of classes in a fixed order; a class's label is its place.
public struct ClassNames: Sendable, Equatable {
    /// The names in the order of their labels, each once.
    public let names: [String]
    private let places: [String: Int32]

    /// Names in the order of their labels; a repeated one keeps its first place.
    public init(_ names: [String]) {
        var places: [String: Int32] = [:]
        self.names = names.filter { name in
            guard places[name] == nil else { return false }
            places[name] = Int32(places.count)
            return true
        }
        self.places = places
    }

    /// The distinct values of a column, in the order of their bytes.
    /// - Throws: `DatasetError.missingColumn`.
    public init(of table: Table, column: String) throws(DatasetError) {
        try table.require(columns: [column])
        var distinct: Set<String> = []
        for row in table { distinct.insert(row[column]) }
        self.init(FileWalk.sorted(Array(distinct)))
    }

    /// Number K of classes.
    public var count: Int { names.count }

    /// The label of a name, in `0 ..< count`.
    /// - Throws: `DatasetError.unknownClass` with the nearest name.
    public func label(of name: String) throws(DatasetError) -> Int32 {
        guard let place = places[name] else { throw .unknownClass(name, classes: names) }
        return place
    }
}
