let heldOut: Table = any()
func retrieval(of clip: Contrastive<Pair>, on heldOut: Table) throws -> Double { any() }
