let interactionsOfEachItem: [Int] = any()
let users: Tensor = any(), items: Tensor = any(), itemIDs: Tensor = any()
