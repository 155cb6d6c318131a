extension Recipe {
    /// Prediction of the next frame of real videos: the last fifth of each is held out.
    static let videoFrames = """
        steps: 300
        batch: 16
        data: {kind: videos, path: ., split: {last: 0.2}}
        objective: {name: next_frame, ahead: 1, distance: l1}
        model: {video: {frame: {encoder: cnn, channels: [16, 32, 64, 128], width: 256}, context: gru, hidden: 256}}
        views: {frames: 9, size: 64, crop: whole, flip: false, normalization: none}
        optimizer: {learning_rate: 1e-3, weight_decay: 0.01}
        schedule: {name: constant, warmup_steps: 0}
        """

    /// Prediction of the next frame of shapes that move and bounce, which the recipe draws; whole videos are held out.
    static let movingShapes = """
        steps: 5000
        batch: 16
        data: {kind: moving_shapes, shapes: {videos: 300, frames: 20, size: 32, shapes: 3, speed: 2}}
        objective: {name: next_frame, ahead: 1, distance: l2, from: all}
        model: {video: {frame: {encoder: cnn, channels: [32, 64], output: map}, context: conv_gru, hidden: 64}}
        views: {frames: 9, size: 32, crop: whole, flip: false, normalization: none}
        optimizer: {learning_rate: 3e-3, weight_decay: 0}
        """
}
