import ConcordFiles
import Foundation

/// A number with a fixed count of decimals.
func decimals(_ value: Float, _ count: Int) -> String { NumberText.fixed(value, decimals: count) }

/// A number of bytes for people.
func bytes(_ count: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(count), unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
}
