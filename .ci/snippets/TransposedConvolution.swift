let maps: Tensor = any()
let w: Tensor = any()
