#if canImport(Glibc)
    import Glibc
#endif

/// `base` to a whole power.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }

/// A number in four digits, for people.
package func brief(_ value: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 32)
    let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%.4g", $0) }
    return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
