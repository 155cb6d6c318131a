/// What an objective asks of a recipe's data.
public struct DataNeeds: Sendable {
    /// What a training sample is.
    public enum Unit: Sendable {
        /// A row of a table, or a file.
        case rows
        /// A window of a recording, or of several joined to a stream.
        case windows
    }

    /// Something whose embeddings of an input are learned.
    public struct Teacher: Sendable {
        /// A run directory, or an index.
        public let path: String
        /// What it embeds.
        public let input: RecipeInput
        /// The recipe's key that names it, for errors.
        package var key = "objective.teacher"

        /// - Parameter path: of a run directory, or an index.
        public init(_ path: String, of input: RecipeInput) { (self.path, self.input) = (path, input) }
    }

    /// The inputs that it reads.
    public var inputs: [RecipeInput]
    /// How many of its inputs a sample must have.
    public var least = 1
    /// How many views of each image or clip a sample has: 1 or 2.
    public var views = 1
    /// Whether it also takes smaller crops of images, where the recipe has them (`views.local_crops`).
    public var usesLocalCrops = false
    /// What a training sample is.
    public var unit = Unit.rows
    /// The smallest batch that the loss has anything to learn from.
    public var smallestBatch = 1
    /// The column whose classes are learned; nil where none are.
    public var label: String?
    /// The column whose numbers are learned; nil where none are.
    public var target: String?
    /// Whether rows without a value in the column of `label` or `target` are samples too: other parts of a sum learn
    /// from them.
    public var takesUnlabeled = false
    /// Which samples are each other's positives; nil where the objective asks for none.
    public var positives: ContrastiveSettings.Positives?
    /// Whether the encoders share a space of their own size, `model.dimension`.
    public var hasSharedSpace = false
    /// Whether tokens are predicted by the text encoder's own table.
    public var predictsTokens = false
    /// Whose embeddings are learned; nil where none are.
    public var teacher: Teacher?
    /// Whether some of the tokens are masked.
    public var masksTokens = false
    /// The kinds of inputs of which each token or patch may see earlier ones alone.
    public var causalKinds: Set<Modality> = []

    /// The kinds of its inputs.
    public var modalities: Set<Modality> { Set(inputs.map(\.kind)) }

    /// - Parameter inputs: the inputs that the objective reads.
    public init(_ inputs: [RecipeInput]) { self.inputs = inputs }
}
