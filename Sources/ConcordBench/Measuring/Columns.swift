import ConcordFiles

/// Text in columns.
extension String {
    func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension Double {
    func decimals(_ count: Int) -> String { NumberText.fixed(self, decimals: count) }
    var percent: String { (100 * self).decimals(0) + " %" }
}
