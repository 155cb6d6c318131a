/// A safetensors header, checked: every tensor's place, and that the places fill the file exactly.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let type: StoredType
        let shape: [Int]
        /// Bytes from the start of the data.
        let range: Range<Int>
    }

    /// In the order of the data.
    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// - Parameter dataSize: the bytes that follow the header in the file.
    init(parsing bytes: [UInt8], dataSize: Int, path: String) throws(InterchangeError) {
        let members: [(key: String, value: HeaderValue)]
        do throws(HeaderValue.Problem) {
            guard bytes.first == UInt8(ascii: "{"), case .object(let object) = try HeaderValue(parsing: bytes) else {
                throw HeaderValue.Problem(text: "it does not start with '{'")
            }
            members = object
        } catch { throw InterchangeError.malformed(path: path, problem: "header: \(error.text)") }

        for (key, value) in members {
            guard case .object(let fields) = value else {
                throw .malformedTensor(path: path, key: key, problem: "its entry is not an object")
            }
            if key == "__metadata__" {
                for (name, value) in fields {
                    guard case .string(let text) = value else {
                        throw .malformed(path: path, problem: "metadata \(name.debugDescription) is not a string")
                    }
                    metadata[name] = text
                }
            } else {
                do throws(HeaderValue.Problem) { entries.append(try Self.entry(key, fields)) } catch {
                    throw .malformedTensor(path: path, key: key, problem: error.text)
                }
            }
        }
        entries = entries.enumerated().sorted { a, b in
            (a.element.range.lowerBound, a.element.range.upperBound, a.offset) < (
                b.element.range.lowerBound, b.element.range.upperBound, b.offset
            )
        }.map(\.element)
        try checkPlaces(dataSize: dataSize, path: path)
    }

    private static func entry(
        _ name: String, _ fields: [(key: String, value: HeaderValue)]
    ) throws(HeaderValue.Problem) -> Entry {
        func field(_ key: String) throws(HeaderValue.Problem) -> HeaderValue {
            guard let field = fields.first(where: { $0.key == key }) else {
                throw HeaderValue.Problem(text: "it has no \"\(key)\"")
            }
            return field.value
        }
        func integers(_ key: String) throws(HeaderValue.Problem) -> [Int] {
            guard case .array(let values) = try field(key) else {
                throw HeaderValue.Problem(text: "\"\(key)\" is not an array")
            }
            var result: [Int] = []
            for value in values {
                guard case .integer(let integer) = value else {
                    throw HeaderValue.Problem(text: "\"\(key)\" holds something that is no number")
                }
                result.append(integer)
            }
            return result
        }
        guard case .string(let label) = try field("dtype"), let type = StoredType(rawValue: label) else {
            throw HeaderValue.Problem(text: "its \"dtype\" is none of the format's")
        }
        let shape = try integers("shape"), offsets = try integers("data_offsets")
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw HeaderValue.Problem(text: "its \"data_offsets\" \(offsets) are not a start and an end")
        }
        var bits = type.bits, count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            let (length, tooLong) = product.multipliedReportingOverflow(by: type.bits)
            guard !overflow, !tooLong else { throw HeaderValue.Problem(text: "its shape \(shape) overflows") }
            (count, bits) = (product, length)
        }
        guard bits % 8 == 0, bits / 8 == offsets[1] - offsets[0] else {
            throw HeaderValue.Problem(
                text:
                    """
                        shape \(shape) of \(label) takes \((bits + 7) / 8) bytes, but its data_offsets \(offsets) span \
                        another number
                        """
            )
        }
        return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private func checkPlaces(dataSize: Int, path: String) throws(InterchangeError) {
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                let fault =
                    entry.range.lowerBound > end ? "a gap before its data" : "its data overlaps another tensor's"
                throw .malformedTensor(
                    path: path, key: entry.name,
                    problem: "\(fault) (starts at \(entry.range.lowerBound), expected \(end))")
            }
            end = entry.range.upperBound
        }
        guard end == dataSize else {
            throw .malformed(path: path, problem: "the header speaks of \(end) bytes of data, the file has \(dataSize)")
        }
    }
}
