@_exported public import ConcordCommunication
@_exported public import ConcordDatasets
@_exported public import ConcordEncoders
@_exported public import ConcordEvaluation
@_exported public import ConcordInterchange
@_exported public import ConcordLayers
@_exported public import ConcordObjectives
@_exported public import ConcordRecipes
@_exported public import ConcordTensors
@_exported public import ConcordTokenizers
@_exported public import ConcordTraining

/// Which Concord this is.
public enum ConcordRelease {
    /// The release's number.
    public static let version = "0.1.0"
}
