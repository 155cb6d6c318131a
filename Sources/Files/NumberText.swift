#if canImport(Glibc)
    import Glibc
#endif

/// Numbers as people read them.
package enum NumberText {
    /// With a fixed count of decimals; from 1e12 on in scientific notation, "-" where the number is not finite.
    package static func fixed(_ value: some BinaryFloatingPoint, decimals: Int) -> String {
        let value = Double(value)
        guard value.isFinite else { return "-" }
        guard abs(value) < 1e12 else { return scientific(value) }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let rounded = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && rounded > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(rounded) }
        let fraction = String(rounded % scale)
        return sign + "\(rounded / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// Four significant digits, as C's `%.4g`.
    package static func brief(_ value: Double) -> String {
        var buffer = [CChar](repeating: 0, count: 32)
        let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%.4g", $0) }
        return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Four significant digits: `1.234e+24`.
    private static func scientific(_ value: Double) -> String {
        let parts = "\(abs(value))".split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let point = parts[0].split(separator: ".")
        exponent += point[0].count - 1
        let digits = (point.joined() + "000").prefix(4)
        return (value < 0 ? "-" : "") + "\(digits.prefix(1)).\(digits.dropFirst())e+\(exponent)"
    }
}
