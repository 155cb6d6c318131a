#include "Vocab.h"

// #embed is of C23; clang knows it in every mode, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char english_wordpiece[] = {
#embed "english-wordpiece-8192.txt"
};

static const unsigned char english_bpe[] = {
#embed "english-bpe-8192.json"
};

static const unsigned char unicode[] = {
#embed "unicode.txt"
};

static const unsigned char lowercase[] = {
#embed "lowercase.txt"
};

static const unsigned char unaccented[] = {
#embed "unaccented.txt"
};

const unsigned char *concord_english_wordpiece(long *count) {
    *count = sizeof english_wordpiece;
    return english_wordpiece;
}

const unsigned char *concord_english_bpe(long *count) {
    *count = sizeof english_bpe;
    return english_bpe;
}

const unsigned char *concord_unicode(long *count) {
    *count = sizeof unicode;
    return unicode;
}

const unsigned char *concord_unicode_lowercase(long *count) {
    *count = sizeof lowercase;
    return lowercase;
}

const unsigned char *concord_unicode_unaccented(long *count) {
    *count = sizeof unaccented;
    return unaccented;
}
