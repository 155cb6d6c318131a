#ifndef VOCAB_H
#define VOCAB_H

extern const int concord_vocab_placeholder;

#endif
