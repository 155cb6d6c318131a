/// A recipe that comes with Concord.
public struct BuiltInRecipe: Sendable {
    /// What `Recipe(named:)` and the command line call it.
    public let name: String
    /// What it trains, in a line.
    public let summary: String
    /// Where its data come from.
    public let data: String
    /// The recipe.
    public let yaml: String

    init(_ name: String, _ summary: String, data: String, _ yaml: String) {
        (self.name, self.summary) = (name, summary)
        (self.data, self.yaml) = (data, yaml)
    }
}

extension Recipe {
    /// The recipes that come with Concord.
    public static let builtIn: [BuiltInRecipe] = {
        let emoji = "Noto Emoji images (github.com/googlefonts/noto-emoji) and a table emoji.tsv of filepath and title"
        let digits = "Free Spoken Digit Dataset (github.com/Jakobovski/free-spoken-digit-dataset)"
        return [
            BuiltInRecipe("emoji-clip", "CLIP: images and captions in one space, by contrast", data: emoji, emojiCLIP),
            BuiltInRecipe(
                "emoji-hybrid", "emoji-clip with masked language modeling of the captions", data: emoji, emojiHybrid),
            BuiltInRecipe(
                "emoji-slip", "emoji-clip with two views of each image and masked words (SLIP, FLAVA)", data: emoji,
                emojiSLIP),
            BuiltInRecipe(
                "digits-audio-text", "sounds and words in one space, by contrast", data: digits, digitsAudioText),
            BuiltInRecipe(
                "digits-hybrid", "digits-audio-text with prediction of the next frames of sound", data: digits,
                digitsHybrid),
            BuiltInRecipe(
                "digits-views", "two views of a clip of speech: SimCLR, or another objective of views", data: digits,
                digitsViews),
            BuiltInRecipe("digits-cpc", "contrastive predictive coding of speech", data: digits, digitsCPC),
            BuiltInRecipe(
                "digits-mel-cpc", "contrastive predictive coding over log-mel frames, for few labels", data: digits,
                digitsMelCPC),
            BuiltInRecipe("digits-wav2vec2", "wav2vec 2.0: masked frames of speech", data: digits, digitsWav2Vec2),
            BuiltInRecipe("digits-frames", "autoregressive prediction of speech frames", data: digits, digitsFrames),
            BuiltInRecipe(
                "wikitext-mlm", "BERT: masked language modeling of running text",
                data: "WikiText-2 raw as valid.txt and test.txt, and a vocab.txt trained on it",
                wikitextMLM),
            BuiltInRecipe(
                "wikitext-gpt", "GPT: prediction of the next token of running text",
                data: "WikiText-2 raw as valid.txt and test.txt, and a vocab.txt trained on it",
                wikitextGPT),
            BuiltInRecipe(
                "debian-pairs", "sentence embeddings from pairs of texts: multiple negatives ranking",
                data: "a table descriptions.tsv of package, section, synopsis and description, and a vocab.txt",
                debianPairs),
            BuiltInRecipe(
                "debian-words", "debian-pairs by a weighted mean of token embeddings",
                data: "a table descriptions.tsv of package, section, synopsis and description, and a vocab.txt",
                debianWords),
            BuiltInRecipe(
                "debian-names", "debian-words with packages' names as a third side, for few labels",
                data: "a table descriptions.tsv of package, section, synopsis and description, and a vocab.txt",
                debianNames),
            BuiltInRecipe(
                "debian-context", "debian-names by a transformer, to be started from its table (--init), for few labels",
                data: "a table descriptions.tsv of package, section, synopsis and description, and a vocab.txt",
                debianContext),
            BuiltInRecipe(
                "debian-two-tower", "recommendation: users and items by their ids",
                data: "a table depends.tsv of package and dependency",
                debianTwoTower),
            BuiltInRecipe(
                "video-frames", "prediction of videos' next frames",
                data: "folders of frames, each a video", videoFrames),
            BuiltInRecipe(
                "moving-shapes", "prediction of the next frame of moving shapes", data: "drawn by the recipe",
                movingShapes),
            BuiltInRecipe(
                "pairs", "a start for your own images and captions", data: "your table pairs.tsv of filepath and title",
                pairs),
            BuiltInRecipe(
                "photos", "a start for your own images without captions",
                data: "your folders train and test, with a folder of images for each class", photos),
            BuiltInRecipe(
                "cifar-views", "SimCLR on small images, for few labels",
                data: "CIFAR-10 as folders train and test, with a folder of images for each class", cifarViews),
            BuiltInRecipe("demo", "what the demo trains", data: "made by the demo", demo),
        ]
    }()

    /// A recipe by the name of a built-in one, or from a file.
    ///
    /// - Parameter overrides: `key.path=value`.
    /// - Throws: `RecipeError`, naming the file, the line and the key.
    public init(named name: String, overrides: [String] = []) throws {
        if let known = Self.builtIn.first(where: { $0.name == name }) {
            try self.init(yaml: known.yaml, source: name, overrides: overrides)
            return
        }
        guard let text = try TextFile.read(name) else {
            throw RecipeError.unknownRecipe(name: name, known: Self.builtIn.map(\.name))
        }
        try self.init(yaml: text, source: name, overrides: overrides)
    }
}
