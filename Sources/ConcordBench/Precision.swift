import ArgumentParser

/// What activations and products are held in.
enum Precision: String, ExpressibleByArgument, CaseIterable, Codable {
    case float32
}
