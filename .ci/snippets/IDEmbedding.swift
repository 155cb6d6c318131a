struct Interaction: Sendable { let user: IDs, item: IDs }
