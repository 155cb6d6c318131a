#include "Vocab.h"

const int concord_vocab_placeholder = 0;
