#ifndef VOCAB_H
#define VOCAB_H

// The files of this folder as bytes of the program; each function returns the first byte and sets the number of bytes.
const unsigned char *concord_english_wordpiece(long *count);
const unsigned char *concord_english_bpe(long *count);
const unsigned char *concord_unicode(long *count);
const unsigned char *concord_unicode_lowercase(long *count);
const unsigned char *concord_unicode_unaccented(long *count);

#endif
