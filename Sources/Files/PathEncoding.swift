#if canImport(Glibc)
    package import Glibc
#endif

/// Paths between the system, where they are bytes, and the program, where they are `String`s.
///
/// A name need not be UTF-8: archives and old disks have names in Latin-1 or Shift-JIS. Each byte that is not part of
/// valid UTF-8 becomes one private scalar, U+10FE00 plus the byte, and is that byte again wherever the system is given
/// the path.
package enum PathEncoding {
    /// The path of some bytes.
    package static func decoded(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        if !hasEscapes(bytes), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = "", start = 0
        while start < bytes.count {
            let length = scalarLength(bytes, at: start)
            if length > 0 {
                text += String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<start + length]), as: UTF8.self)
                start += length
            } else {
                text.unicodeScalars.append(escape(bytes[start]))
                start += 1
            }
        }
        return text
    }

    /// The path of a C string, such as a directory entry's name or a command-line argument.
    package static func decoded(_ name: UnsafePointer<CChar>) -> String {
        var count = 0
        while name[count] != 0 { count += 1 }
        return name.withMemoryRebound(to: UInt8.self, capacity: count) {
            decoded(UnsafeBufferPointer(start: $0, count: count))
        }
    }

    /// The system's bytes of a path, without the zero at their end.
    package static func bytes(of path: String) -> [UInt8] {
        let isEscaped = path.utf8.contains(0xF4) && path.unicodeScalars.contains { byte(of: $0) != nil }
        guard isEscaped else { return Array(path.utf8) }
        var bytes: [UInt8] = []
        for scalar in path.unicodeScalars {
            if let byte = byte(of: scalar) { bytes.append(byte) } else { bytes += Array(String(scalar).utf8) }
        }
        return bytes
    }

    /// Calls `body` with the path as the system takes it.
    package static func withCString<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        guard path.utf8.contains(0xF4) else { return path.withCString(body) }
        return bytes(of: path).map { CChar(bitPattern: $0) }.withZeroAtEnd(body)
    }

    /// A path, or a text with paths in it, for people to read: bytes that are not UTF-8 as `\xE9`.
    /// - Parameter backslash: how a backslash is written, which JSON doubles.
    package static func readable(_ path: String, backslash: String = "\\") -> String {
        guard path.utf8.contains(0xF4) else { return path }
        return path.unicodeScalars.reduce(into: "") { text, scalar in
            if let byte = byte(of: scalar) {
                text += backslash + "x" + String(byte, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    /// - Returns: whether it is moved; `errno` says why not.
    static func rename(_ path: String, to other: String) -> Bool {
        withCString(path) { path in withCString(other) { Glibc.rename(path, $0) == 0 } }
    }

    /// Removes a file, or an empty folder, where it is there.
    package static func remove(_ path: String) { _ = withCString(path) { Glibc.remove($0) } }

    /// Whether something of this name is there, and may be read if `isReadable`.
    package static func isThere(_ path: String, isReadable: Bool = false) -> Bool {
        withCString(path) { access($0, isReadable ? R_OK : F_OK) } == 0
    }

    /// What the system says of the file at a path, links followed; nil where it says nothing (`errno` has the reason).
    package static func status(of path: String) -> stat? {
        var status = stat()
        return withCString(path) { stat($0, &status) } == 0 ? status : nil
    }

    private static let base: UInt32 = 0x10FE00

    private static func escape(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(base + UInt32(byte)) ?? "\u{FFFD}" }

    private static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        (base + 0x80...base + 0xFF).contains(scalar.value) ? UInt8(scalar.value - base) : nil
    }

    /// Whether a name has an escape's own UTF-8 in it; its bytes are escaped too, so that different names stay
    /// different.
    private static func hasEscapes(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count >= 4 else { return false }
        return (0...bytes.count - 4).contains { isEscape(bytes, at: $0) }
    }

    /// U+10FE80 to U+10FEFF are F4 8F BA 80 to F4 8F BB BF.
    private static func isEscape(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        bytes[start] == 0xF4 && bytes[start + 1] == 0x8F && (bytes[start + 2] == 0xBA || bytes[start + 2] == 0xBB)
    }

    /// Bytes of the UTF-8 scalar at `start`; 0 where there is none, or an escape.
    private static func scalarLength(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int {
        let length: Int
        switch bytes[start] {
        case ..<0x80: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return 0
        }
        guard start + length <= bytes.count, length < 4 || !isEscape(bytes, at: start) else { return 0 }
        let scalar = UnsafeBufferPointer(rebasing: bytes[start..<start + length])
        return String(validating: scalar, as: UTF8.self) == nil ? 0 : length
    }
}

extension [CChar] {
    fileprivate func withZeroAtEnd<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { buffer in
            for (place, byte) in enumerated() { buffer[place] = byte }
            buffer[count] = 0
            return body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
        }
    }
}
