import ConcordFiles
public import ConcordTensors

extension Safetensors {
    /// Writes tensors to a file that takes its place whole or not at all.
    ///
    /// The bytes are a function of the tensors and the metadata alone: element types by descending width, then names;
    /// metadata sorted; no time stamp. The file is written beside (`PATH.partial`), flushed, moved into place, and the
    /// directory flushed.
    /// - Throws: `InterchangeError` for two equal names, and where the disk is full or the place cannot be written;
    ///   nothing is left behind then and an older file stays as it was.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
    ) throws(InterchangeError) {
        let order = Dictionary(uniqueKeysWithValues: StoredType.allCases.enumerated().map { ($1, $0) })
        func rank(_ tensor: Tensor) -> Int { order[StoredType(tensor.elementType)] ?? 0 }
        let sorted = tensors.sorted { a, b in
            let (x, y) = (rank(a.tensor), rank(b.tensor))
            return x == y ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : x < y
        }
        var names = Set<String>()
        for (name, _) in sorted {
            guard name != "__metadata__" else {
                throw .invalidList(path: path, key: name, problem: "the name is the format's own; choose another")
            }
            guard names.insert(name).inserted else {
                throw .invalidList(path: path, key: name, problem: "it is listed twice")
            }
        }
        do throws(FileError) {
            var file = try ReplacedFile(path: path)
            try file.write(header(of: sorted, metadata: metadata))
            for (_, tensor) in sorted {
                let storage = tensor.storage
                try withExtendedLifetime(storage) { () throws(FileError) in
                    try file.write(UnsafeRawBufferPointer(start: storage.base, count: storage.bytes))
                }
            }
            try file.commit()
        } catch { throw .unwritable(path: path, reason: error.reason) }
    }

    /// The length in 8 bytes, then the JSON padded with spaces to a multiple of 8.
    private static func header(of tensors: [(name: String, tensor: Tensor)], metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            members.append(
                "\"__metadata__\":{"
                    + pairs.map { JSONText.quoted($0.key) + ":" + JSONText.quoted($0.value) }.joined(separator: ",")
                    + "}")
        }
        var offset = 0
        for (name, tensor) in tensors {
            let end = offset + tensor.storage.bytes
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let type = StoredType(tensor.elementType).rawValue
            members.append(
                "\(JSONText.quoted(name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }
}
