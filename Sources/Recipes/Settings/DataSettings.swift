public import ConcordDatasets

/// `data`: where the samples come from, relative to the data directory.
///
/// ```yaml
/// data:
///   kind: table                      # or folder, files, videos, moving_shapes, text
///   path: catalogue.tsv
///   columns: {image: filepath, text: title, audio: recording}
///                                    # and start: begin, end: end, columns of seconds, where a row is a part of a
///                                    # recording
///   labels: [category]
///   subset: {column: category, fraction: 0.01, draw: 0}  # trains on a hundredth of each category
///   split: {column: filepath, modulo: 8, remainder: 0}   # or none; or, in its place, held_out: test.tsv
///                                    # and column: [user, item] for pairs
/// ```
/// Folders of frames are videos:
/// ```yaml
/// data: {kind: videos, path: clips, split: {last: 0.2}}         # the last fifth of each video is held out
/// ```
/// Inputs may have names of their own, also several of one kind:
/// ```yaml
/// data: {path: faq.tsv, columns: {question: {kind: text, column: q}, answer: {kind: text, column: a}}}
/// ```
/// ```yaml
/// data: {kind: text, path: [books, "wiki-*.txt"], held_out: held-out.txt, lines: true}
/// ```
public struct DataSettings: Sendable {
    /// What `data.path` is.
    public enum Kind: String, Sendable, CaseIterable {
        /// A CSV, TSV or JSON-lines file, one sample a row.
        case table
        /// One sub-directory a class; its name is the label, and by `template` the text.
        case folder
        /// Files whose names say what they are, by `pattern`: `{digit}_{speaker}_{take}.wav`.
        case files
        /// Folders of frames, each a video, anywhere below `path`.
        case videos
        /// Videos of moving shapes, drawn and not read: to try predictions of frames on.
        case movingShapes = "moving_shapes"
        /// Text files: `path` to train on, `held_out` to evaluate on; lines are joined, or with `lines` texts of their
        /// own.
        case text
    }

    /// The character between the fields of a table.
    public enum Separator: String, Sendable, CaseIterable {
        /// A tab.
        case tab
        /// `,`
        case comma
        /// `;`
        case semicolon
        /// `|`
        case pipe
    }

    /// What quotes mean in a table.
    public enum Quoting: String, Sendable, CaseIterable {
        /// Double quotes around fields, doubled inside (RFC 4180).
        case standard
        /// Quotes are characters like others.
        case none
    }

    /// Which rows are held out for evaluation.
    public struct Split: Sendable {
        /// The column that decides, or several: their fields are joined by a space.
        public let columns: [String]
        /// Rows whose crc32 of `columns`, modulo `modulo`, is `remainder`, unless `values` says which.
        public let modulo, remainder: Int
        /// Rows whose field is one of these.
        public let values: [String]
        /// The last fraction of each video's frames, for `videos`; nil where whole videos are held out.
        public let last: Double?
    }

    /// What `moving_shapes` draws.
    public struct DrawnVideos: Sendable {
        /// How many videos, and frames of each.
        public let count, frames: Int
        /// The videos.
        public let videos: MovingShapes

        init(_ fields: Fields) throws {
            count = try fields.integer("videos", default: 500, in: 2...1_000_000, "How many videos are drawn.")
            frames = try fields.integer("frames", default: 20, in: 2...100_000, "Frames of each video.")
            videos = MovingShapes(
                size: try fields.integer("size", default: 64, in: 8...1024, "Side of a frame in pixels."),
                shapes: try fields.integer("shapes", default: 3, in: 1...100, "The most shapes in a video."),
                speed: try fields.number(
                    "speed", default: 4, in: 0.01...1000, "The fastest shape, in pixels a frame."),
                seed: UInt64(try fields.integer("seed", default: 0, "Seed of the videos.")))
        }

        /// A row for each video: its number.
        var table: Table {
            Table(listing: "moving shapes", columns: ["filepath", "start", "end"], rows: (0..<count).map {
                ["\($0)", "0", "\(frames)"]
            })
        }
    }

    /// The columns of the second, or of a video the frame, at which a row's part of its file starts and ends.
    public struct SegmentColumns: Sendable {
        /// Columns of seconds or frames; nil for the file's own start or end.
        public let start, end: String?

        /// Those of a listing of videos.
        static let video = SegmentColumns(start: "start", end: "end")

        private init(start: String, end: String) { (self.start, self.end) = (start, end) }

        init(_ fields: Fields) throws {
            start = try fields.string(
                "start",
                "The column of the second (of a video: the frame) at which a row's part of its file starts; else the "
                    + "file's start.")
            end = try fields.string(
                "end",
                "The column of the second (of a video: the frame) at which a row's part of its file ends; else the "
                    + "file's end.")
        }
    }

    /// What `path` is.
    public let kind: Kind
    /// The table's file or the folder, relative to the data directory; "." is the directory itself.
    public let path: String
    /// The held-out rows' table or folder, or the held-out text's file, relative to the data directory; nil where
    /// `split` chooses them.
    public let heldOut: String?
    /// Files, folders and patterns of the texts to train on and to evaluate on, for `text`.
    public let textPaths, heldOutTexts: [String]
    /// Whether a line of a text file is a text of its own, for `text`.
    public let hasTextLines: Bool
    /// Fraction of the words above which texts are refused as unknown to the tokenizer.
    public let unknownLimit: Double
    /// What file names look like, for `files`.
    public let pattern: String
    /// What is drawn, for `moving_shapes`.
    public let drawn: DrawnVideos?
    /// The character between fields.
    public let separator: Separator
    /// What quotes mean.
    public let quoting: Quoting
    /// What a sample has: images first, then texts, audio, videos and ids, each kind in the recipe's order.
    public private(set) var inputs: [RecipeInput]
    /// The column of each input: a file's path, the text itself or an id.
    public private(set) var columns: [RecipeInput: String]
    /// The columns of the second at which a row's part of its recording starts and ends, for `table`; nil for the
    /// recording's own start and end.
    public private(set) var segments: [RecipeInput: SegmentColumns]
    /// Other words for the values of a column: `rename: {digit: {"7": seven}}`.
    public let rename: [String: [String: String]]
    /// Columns whose values are classes for zero-shot, k-NN and linear probes.
    public let labels: [String]
    /// The text of a folder's file: its class in place of `{}`.
    public let template: String
    /// The column whose clips are joined end to end to one stream (the speaker); nil for every clip by itself.
    public let group: String?
    /// Which rows are held out; nil where none are, or `heldOut` names them.
    public let split: Split?
    /// Whether the recipe says nothing of which rows are held out: an eighth is, by default.
    public let isSplitDefault: Bool
    /// Which of the training rows are trained on; nil: all.
    public let subset: SubsetSettings?
    /// Fraction of the training rows that are not trained on but judge the model as it trains.
    public let validation: Double
    /// Fraction of unreadable samples above which training stops.
    public let badFraction: Double
    /// Decoded images and sounds are kept in memory up to this many MiB.
    public let cacheMebibytes: Int
    /// The file that lists what is left out, relative to the data directory; nil where nothing is.
    public let exclude: String?

    init(_ fields: Fields) throws {
        kind = try fields.choice(
            "kind", default: Kind.table,
            """
            table: a CSV, TSV or JSON-lines file; folder: a sub-directory per class; files: names by a pattern; \
            videos: folders of frames; moving_shapes: drawn videos; text: running text.
            """
        )
        fields.renamed("bad_share", to: "bad_fraction")
        badFraction = try fields.number(
            "bad_fraction", default: 0.05, in: 0...1, "Fraction of unreadable samples above which training stops.")
        guard kind != .text else {
            textPaths = try fields.strings(
                "path", default: ["text.txt"],
                "Text files, folders of .txt files or patterns to train on, relative to the data directory.")
            guard let first = textPaths.first else { throw fields.fault("path", "a file, folder or pattern wanted") }
            path = first
            heldOutTexts = try fields.strings(
                "held_out", "Text files, folders or patterns to evaluate on; they are left out of the training texts.")
            (heldOut, isSplitDefault) = (heldOutTexts.first, false)
            hasTextLines = try fields.flag(
                "lines", default: false,
                "Whether a line is a text of its own, between start and end token; else lines are joined.")
            unknownLimit = try Self.unknownLimit(fields)
            (separator, quoting, pattern, template, drawn) = (.tab, .none, "", "", nil)
            (inputs, columns, segments) = ([.text], [.text: "text"], [:])
            (rename, labels, group, split, subset, validation, cacheMebibytes) = ([:], [], nil, nil, nil, 0, 0)
            exclude = nil
            return
        }
        let isDrawn = kind == .movingShapes
        drawn =
            isDrawn
            ? try DrawnVideos(fields.fields("shapes", "What is drawn: squares, circles and diamonds that bounce."))
            : nil
        let other = isDrawn ? "" : try fields.string(
            "held_out", default: "",
            "The table or folder of the held-out samples, relative to the data directory; a folder inside data.path is "
                + "not trained "
                + "on. Empty: data.split "
                + "chooses them.")
        heldOut = other.isEmpty ? nil : other
        isSplitDefault = other.isEmpty && !fields.has("split") && !fields.turnsOff("split")
        (textPaths, heldOutTexts, hasTextLines) = ([], [], false)
        path = isDrawn ? "." : try fields.string(
            "path", default: kind == .table ? "pairs.tsv" : ".",
            "The table or the folder, relative to the data directory; . is that directory itself.")
        let isComma = kind == .table && path.lowercased().hasSuffix(".csv")
        let hasFields = kind == .table && !["jsonl", "ndjson"].contains(Paths.fileExtension(of: path))
        separator =
            hasFields
            ? try fields.choice(
                "separator", default: isComma ? .comma : .tab,
                "Character between fields; by default by the file's ending.") : .tab
        quoting =
            hasFields
            ? try fields.choice(
                "quoting", default: isComma ? .standard : Quoting.none,
                "standard: double quotes around fields (RFC 4180); none: quotes are characters like others.") : .none
        pattern =
            kind == .files
            ? try fields.string(
                "pattern", default: "{name}.wav",
                "What file names look like: {digit}_{speaker}.wav makes the columns digit and speaker.") : ""
        let named = try fields.fields(
            "columns",
            "The column of each input: a file's path, the text itself or an id; or NAME: {kind, column} for an input "
                + "of that name.")
        let (inputs, columns, segments) = try Self.columns(named, kind)
        (self.inputs, self.columns, self.segments) = (inputs, columns, segments)
        var rename: [String: [String: String]] = [:]
        for (column, words) in try fields.maps(
            "rename", "Other words for the values of a column: {digit: {\"7\": seven}}.")
        { rename[column] = Dictionary(words, uniquingKeysWith: { first, _ in first }) }
        self.rename = rename
        labels = try fields.strings(
            "labels", default: kind == .folder ? ["label"] : [],
            "Columns whose values are classes, for zero-shot, k-NN and linear probes.")
        template =
            kind == .folder
            ? try fields.string(
                "template", default: !inputs.contains { $0.kind == .audio } ? "a photo of a {}" : "the sound of {}",
                "The text of a folder's file: its class in place of {}.") : "{}"
        let group = try fields.string(
            "group", default: "",
            "The column whose clips are joined to one stream (the speaker); empty for every clip by itself.")
        self.group = group.isEmpty ? nil : group
        let splitMeaning = "Which rows are held out for evaluation; none holds out nothing."
        if fields.turnsOff("split") || (heldOut != nil && !fields.has("split")) {
            fields.off("split", splitMeaning)
            split = nil
        } else {
            // Files decide, so that captions of one image stay together; of ids, the pair: each of them has other rows.
            let files = inputs.filter { $0.kind.isFile }, ids = inputs.filter { $0.kind == .id }
            let deciding = files.first.map { [$0] } ?? (ids.isEmpty ? Array(inputs.prefix(1)) : ids)
            split = try Self.split(
                fields.fields("split", splitMeaning), columns: deciding.compactMap { columns[$0] },
                isVideos: kind == .videos)
        }
        if heldOut != nil, split != nil { throw fields.fault("held_out", "give held_out or split, not both") }
        let subset = try fields.optionalFields("subset", "Trains on some of the rows, drawn class by class.")
        self.subset = if let subset { try SubsetSettings(subset, labels: labels) } else { nil }
        validation = try fields.number(
            "validation", default: 0, in: 0...0.9,
            "Fraction of the training rows that are not trained on: classification and regression are judged on them as "
                + "they train (validation.LABEL.accuracy).")
        unknownLimit = inputs.contains { $0.kind == .text } ? try Self.unknownLimit(fields) : 1
        let list = isDrawn ? "" : try fields.string(
            "exclude", default: "",
            "A file of rows to leave out, relative to the data directory: a file's path, an id or TABLE:LINE on each "
                + "line, as concord dedup --out writes it. Empty: none.")
        exclude = list.isEmpty ? nil : list
        cacheMebibytes = try fields.integer(
            "cache_mib", default: 2048, in: 0...1 << 24,
            "Mebibytes of decoded images and sounds that are kept in memory.")
    }

    /// The same without the inputs that the objective does not read, so that a table needs no column of them.
    func reading(_ needed: [RecipeInput]) -> DataSettings {
        var result = self
        result.inputs.removeAll { !needed.contains($0) }
        result.columns = columns.filter { needed.contains($0.key) }
        result.segments = segments.filter { needed.contains($0.key) }
        return result
    }

    private static func unknownLimit(_ fields: Fields) throws -> Double {
        try fields.number(
            "unknown_limit", default: 0.3, in: 0...1,
            "Fraction of words unknown to the tokenizer above which training is refused.")
    }

    /// The inputs that the recipe names, with their columns. A table without audio is one of images and texts, a
    /// folder without it one of images; files are audio where nothing else is said.
    private static func columns(
        _ named: Fields, _ kind: Kind
    ) throws -> ([RecipeInput], [RecipeInput: String], [RecipeInput: SegmentColumns]) {
        let own = named.namesOfMappings
        let hasAudio = named.has("audio")
        let isGiven = !own.isEmpty || Modality.allCases.contains { named.has($0.rawValue) }
        let fallbacks: [Modality: String] =
            switch kind {
            case .table: hasAudio || !own.isEmpty ? [:] : [.image: "filepath", .text: "title"]
            case .folder: hasAudio ? [:] : [.image: "filepath"]
            case .files: isGiven ? [:] : [.audio: "filepath"]
            case .videos, .movingShapes: [.video: "filepath"]
            case .text: [:]
            }
        var inputs: [RecipeInput] = [], columns: [RecipeInput: String] = [:]
        var segments: [RecipeInput: SegmentColumns] = [:]
        for modality in Modality.allCases where !own.contains(modality.rawValue) {
            let input = RecipeInput(modality)
            let meaning = "The column of the \(modality.rawValue)" + (modality.isFile ? " files." : "s.")
            guard let fallback = fallbacks[modality] else {
                columns[input] = try named.string(modality.rawValue, meaning)
                continue
            }
            columns[input] = try named.string(modality.rawValue, default: fallback, meaning)
        }
        if kind == .folder { columns[.text] = "label" }
        inputs = Modality.allCases.map { RecipeInput($0) }.filter { columns[$0] != nil }
        if kind == .videos || kind == .movingShapes { segments[.video] = .video }
        if kind == .table, let only = inputs.first(where: \.kind.hasSegments) {
            segments[only] = try SegmentColumns(named)
        }
        for name in own {
            guard kind == .table || kind == .files else {
                throw named.fault(name, "inputs of a name of their own are for tables and files (data.kind)")
            }
            guard !name.contains(where: { ".:/".contains($0) }), !["labels", "start", "end"].contains(name) else {
                throw named.fault(name, "another name wanted, without dots, colons and slashes")
            }
            let fields = try named.fields(name, "An input of this name.")
            let input = RecipeInput(
                name,
                try fields.choice("kind", default: Modality(rawValue: name) ?? .text, "What kind of thing it is."))
            if name != input.kind.rawValue, Modality(rawValue: name) != nil {
                throw named.fault(name, "an input named \(name) is of that kind; give another name")
            }
            columns[input] = try fields.string(
                "column", default: name, "Its column: a file's path, the text itself, or an id.")
            if kind == .table, input.kind.hasSegments { segments[input] = try SegmentColumns(fields) }
            inputs.append(input)
        }
        let order = Dictionary(uniqueKeysWithValues: Modality.allCases.enumerated().map { ($1, $0) })
        let sorted = inputs.enumerated().sorted {
            let (a, b) = (order[$0.element.kind, default: 0], order[$1.element.kind, default: 0])
            return a != b ? a < b : $0.offset < $1.offset
        }
        return (sorted.map(\.element), columns, segments)
    }

    private static func split(_ fields: Fields, columns fallback: [String], isVideos: Bool) throws -> Split? {
        if isVideos,
            let last = try fields.number(
                "last", in: 0.001...0.999, "The fraction of each video's frames, its last ones, that is held out.")
        {
            return Split(columns: [], modulo: 0, remainder: 0, values: [], last: last)
        }
        fields.renamed("columns", to: "column")
        let columns = try fields.strings(
            "column", default: fallback,
            "The column that decides which rows are held out; of several, their fields joined by a space.")
        guard !columns.isEmpty else { throw fields.fault("column", "a column wanted") }
        let values = try fields.strings("values", "Rows with one of these values are held out.")
        if !values.isEmpty, fields.has("modulo") { throw fields.fault("modulo", "give values or modulo, not both") }
        if !values.isEmpty, columns.count > 1 { throw fields.fault("values", "values are of one column") }
        let modulo =
            values.isEmpty
            ? try fields.integer(
                "modulo", default: 8, in: 0...1_000_000,
                "One in this many rows is held out, by the crc32 of its column; 0 for none.") : 0
        let remainder =
            values.isEmpty
            ? try fields.integer(
                "remainder", default: 0, in: 0...max(0, modulo - 1),
                "The remainder of crc32 by modulo that is held out.") : 0
        return modulo > 1 || !values.isEmpty
            ? Split(columns: columns, modulo: modulo, remainder: remainder, values: values, last: nil) : nil
    }
}
