let training: [Tokens] = any(), heldOut: [Tokens] = any()
