// What the snippets of doc comments use and do not declare. Nothing of it is ever run.

struct Pair: Sendable { let image: Tensor; let text: Tokens }
struct Points: Sendable { let x: Tensor; let y: Tensor }

final class Regression: Objective {
    let model = Linear(8, 1)
    func callAsFunction(_ batch: Points) -> Loss { Loss((model(batch.x) - batch.y).squared().mean()) }
}

final class Stack: Module { let embedding = Linear(8, 8), blocks = [Linear(8, 8)] }

struct Graphs: Sendable { let nodes: Tensor, edges: Tensor }

func any<T>() -> T { fatalError() }

let step = 0
let paths: [String] = any(), captions: [String] = any()
let bytes: [UInt8] = any()
let tokenizer = WordPieceTokenizer.english(), vocabulary: Vocabulary = any()
let table: Table = any(), run: Run = any()
let key: RandomKey = any()
let image: Image = any(), sound: Audio = any()
let x: Tensor = any(), images: Tensor = any(), frames: Tensor = any(), views: Tensor = any(), keys: Tensor = any()
let mask: Tensor? = any()
let windows: [[Float]] = any(), clips: [[Float]] = any()
let waveform: Waveform = any()
let clip: Contrastive<Pair> = any(), batch: Pair = any(), pairs: Batches<Pair> = any()
