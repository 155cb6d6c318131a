struct Sample { let clip: [Float]? }
let samples: [Sample] = any()
