import ConcordInterchange
import ConcordTokenizers

extension RunDirectory {
    /// Going on with other data would not repeat the run.
    /// - Returns: a note where the run does not say what it was trained on.
    /// - Throws: `RecipeError` with the file that differs.
    func requireSame(_ data: TrainedData, _ table: SampleTable?) throws -> String? {
        guard let saved = try TrainedData.read(trainedData) else {
            return "\(path) does not say what it was trained on (no data.json); the data are taken to be the same"
        }
        guard let difference = data.difference(from: saved, table) else { return nil }
        throw RecipeError.otherData(run: path, difference: difference)
    }

    /// Going on with other tokens than the run's own would not repeat it either. A tokenizer that is there no longer
    /// does not matter: the run has a copy.
    /// - Parameter own: the run's.
    /// - Throws: `RecipeError` with the tokenizer's name.
    func requireSame(_ own: any Tokenizer, as recipe: Recipe, data: String) throws {
        guard let given = try? recipe.loadTokenizer(data: data) else { return }
        let now = given.fingerprint, before = own.fingerprint
        guard now != before else { return }
        throw RecipeError.data(
            message:
                "tokenizer \(recipe.tokenizer): is another now (fingerprint \(now)) than when \(path) was started "
                    + "(\(before)); to go on, "
                + "put it back (\(tokenizer) is the run's copy), or start another run")
    }

    /// Checks that the run's tokenizer is the one that a checkpoint was trained with, where the checkpoint says it.
    /// - Throws: `RecipeError` with both.
    func requireTokenizer(_ own: any Tokenizer, of checkpoint: Safetensors) throws {
        guard let known = CheckpointTokenizer(checkpoint.metadata) else { return }
        let fingerprint = own.fingerprint
        guard known.fingerprint != fingerprint else { return }
        throw RecipeError.unreadable(
            path: tokenizer,
            reason:
                "is not the tokenizer that \(checkpoint.path) was trained with: fingerprint \(fingerprint), and the "
                    + "checkpoint has "
                + "\(known.fingerprint) (\(known.name)); put the run's own back")
    }
}
