import ConcordRecipes
import ConcordTraining
import Foundation
import TestSupport

extension TemporaryFolder {
    /// Trains a recipe on the folder's files into a run directory `name` in it.
    /// - Parameter yaml: not read where the run is resumed.
    func train(_ name: String, _ yaml: String, _ overrides: [String] = [], resumed: Bool = false) throws {
        let recipe = file("\(name).yaml")
        if !resumed { try yaml.write(toFile: recipe, atomically: true, encoding: .utf8) }
        try TrainingSession(
            recipe: resumed ? nil : recipe, overrides: overrides, data: file(""), directory: file(name),
            isResumed: resumed
        ).run(progress: .silent, catchesSignals: false)
    }

    /// A number of each step in a run's log.
    func logged(_ key: String, _ name: String) throws -> [Double] {
        try String(contentsOfFile: file("\(name)/metrics.jsonl"), encoding: .utf8).split(separator: "\n").compactMap {
            line in
            line.range(of: "\"\(key)\":").flatMap {
                Double(line[$0.upperBound...].prefix { "0123456789.e-+".contains($0) })
            }
        }
    }
}
