extension Recipe {
    /// Where the spoken digits of `fsdd` stand: the test set is its authors', takes 0 to 4 of every speaker and digit.
    private static let digits = """
          kind: files
          path: recordings
          pattern: "{digit}_{speaker}_{take}.wav"
          labels: [digit, speaker]
          split: {column: take, values: [0, 1, 2, 3, 4]}
        """

    /// Contrastive predictive coding on joined clips of each speaker: the model and schedule of `torch_fsdd_cpc.py`.
    static let digitsCPC = """
        seed: 0
        epochs: 20
        batch: 32
        data:
        \(digits)
          columns: {audio: filepath}
          group: speaker
        model:
          audio: {encoder: cpc, channels: [256, 256, 256, 256, 256], norm: batch, context: gru, hidden: 256}
        objective: {name: predictive, horizon: 6, negatives: 128, negatives_from: batch, temperature: 0.1}
        views: {audio: {rate: 8000, seconds: 1.28}}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0}
        schedule: {name: constant, warmup_steps: 0}
        """

    /// Contrastive predictive coding over log-mel frames, for few labels: clips of one speaker are each other's negatives.
    static let digitsMelCPC = """
        seed: 0
        epochs: 60
        batch: 32
        data:
        \(digits)
          columns: {audio: filepath}
          group: speaker
        model:
          audio: {encoder: log_mel, mels: 64, window: 256, hop: 80, channels: [128, 128], kernels: [3, 3], strides: \
        [1, 2], context: gru, hidden: 512, layers: 1}
        objective: {name: predictive, horizon: 12, negatives: 128, negatives_from: group, temperature: 0.1}
        views: {audio: {rate: 8000, seconds: 1.28}}
        optimizer: {learning_rate: 1e-3, weight_decay: 0.01, clip: 1}
        """

    /// Two views of each clip of speech, found by SimCLR; or by another objective of two views, by its name.
    static let digitsViews = """
        seed: 0
        epochs: 20
        batch: 128
        data:
        \(digits)
          columns: {audio: filepath}
        model:
          audio: {encoder: log_mel, mels: 64, window: 256, hop: 80, channels: [128, 128, 128, 128], kernels: [3, 3, 3, \
        3], strides: [1, 2, 2, 2]}
        objective: {name: simclr, temperature: 0.2}
        views: {audio: {rate: 8000, seconds: 1, gain: 6, noise: 10, shift: 0.2, polarity: true, time_masks: 1, \
        frequency_masks: 1}}
        optimizer: {learning_rate: 1e-3}
        """

    /// wav2vec 2.0 on joined clips of each speaker, small.
    static let digitsWav2Vec2 = """
        seed: 0
        epochs: 32
        batch: 16
        data:
        \(digits)
          columns: {audio: filepath}
          group: speaker
        model:
          audio: {encoder: cpc, channels: [128, 128, 128, 128, 128], norm: batch, activation: gelu, context: \
        transformer, layers: 4, heads: 4, positions: convolution, position_kernel: 32, norm_placement: post}
        objective: {name: wav2vec2, mask_length: 5, negatives: 50, codes: 40, dimension: 128, feature_gradient: 1, \
        penalty: 0.1, diversity: 0.5, code_temperature_decay: 0.999}
        views: {audio: {rate: 8000, seconds: 2.56}}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0.01, clip: 1}
        schedule: {name: cosine, warmup: 0.1}
        """

    /// Autoregressive predictive coding: from the samples, the log-mel frame three ahead, by regression.
    static let digitsFrames = """
        seed: 0
        epochs: 20
        batch: 32
        data:
        \(digits)
          columns: {audio: filepath}
          group: speaker
        model:
          audio: {encoder: cpc, channels: [256, 256, 256, 256, 256], norm: batch, context: gru, hidden: 256}
        objective: {name: frames, ahead: 3, distance: l1, target: log_mel}
        views: {audio: {rate: 8000, seconds: 1.28}}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0, clip: 1}
        schedule: {name: cosine, warmup_epochs: 1}
        """

    /// `digits-audio-text` with the next log-mel frame predicted by the same encoder.
    static let digitsHybrid = digitsAudioText.replacing(
        "positives: equal_texts}", with: "positives: equal_texts, frames: {weight: 0.5, ahead: 3}}")

    /// Spoken digits and their words in one space: `seven` finds every seven.
    static let digitsAudioText = """
        seed: 0
        epochs: 20
        batch: 64
        data:
        \(digits)
          columns: {audio: filepath, text: digit}
          rename: {digit: {"0": zero, "1": one, "2": two, "3": three, "4": four, "5": five, "6": six, "7": seven, "8": \
        eight, "9": nine}}
        tokenizer: english-wordpiece
        model:
          dimension: 128
          text: {encoder: transformer, width: 64, depth: 1, heads: 2, context: 8, pooling: first}
          audio: {encoder: log_mel, mels: 64, window: 256, hop: 80, channels: [128, 128, 128, 128], kernels: [3, 3, 3, \
        3], strides: [1, 2, 2, 2]}
        objective: {name: contrastive, temperature: 0.1, positives: equal_texts}
        views: {audio: {rate: 8000, seconds: 1, gain: 6, noise: 10, shift: 0.1, polarity: true}}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0.05}
        schedule: {name: cosine, warmup_epochs: 1}
        """
}
