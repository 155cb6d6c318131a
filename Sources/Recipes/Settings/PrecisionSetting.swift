public import ConcordTensors

/// The precision that a recipe asks for.
public enum PrecisionSetting: String, Sendable, CaseIterable {
    /// `Precision.fastest` of the processor that a run is started on.
    case auto
    /// Everything in float32.
    case float32
    /// Activations and matrix products in bfloat16.
    case bfloat16

    /// The precision of a run that is started here.
    public var resolved: Precision {
        switch self {
        case .auto: .fastest
        case .float32: .float32
        case .bfloat16: .bfloat16
        }
    }
}

extension Recipe {
    /// The same recipe with the precision that a run was started with, where this one leaves it to the processor.
    func resumed(in precision: Precision) -> Recipe { self.precision == .auto ? with(precision) : self }
}
