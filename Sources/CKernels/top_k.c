#include "top_k.h"
#include "dispatch.h"
#include <string.h>

static inline __attribute__((always_inline)) uint64_t key_of(float value, int32_t place) {
    uint32_t bits;
    value += 0.0f;  // -0 equals 0
    memcpy(&bits, &value, sizeof bits);
    if (value != value) bits = 0x7FC00000u;
    const uint32_t ordered = bits ^ (bits >> 31 ? 0xFFFFFFFFu : 0x80000000u);
    return (uint64_t)ordered << 32 | (uint32_t)~place;
}

static inline __attribute__((always_inline)) float value_of(uint64_t key) {
    const uint32_t ordered = (uint32_t)(key >> 32);
    const uint32_t bits = ordered ^ (ordered >> 31 ? 0x80000000u : 0xFFFFFFFFu);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void swap(uint64_t *a, uint64_t *b) {
    const uint64_t c = *a;
    *a = *b;
    *b = c;
}

// Moves the k largest, which are distinct, to the front (Hoare 1961, "Find").
static void select_largest(uint64_t *keys, size_t count, size_t k) {
    size_t low = 0, high = count - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (keys[middle] > keys[low]) swap(keys + middle, keys + low);
        if (keys[high] > keys[low]) swap(keys + high, keys + low);
        if (keys[high] > keys[middle]) swap(keys + high, keys + middle);
        const uint64_t pivot = keys[middle];
        size_t i = low, j = high;
        for (;;) {
            while (keys[i] > pivot) i++;
            while (keys[j] < pivot) j--;
            if (i >= j) break;
            swap(keys + i++, keys + j--);
        }
        // keys[low ... j] are no smaller than the pivot, keys[i ... high] no larger.
        if (i == j) j = i > low ? i - 1 : low, i = i + 1;
        if (k - 1 <= j) high = j;
        else if (k - 1 >= i) low = i;
        else return;
    }
}

SIMD size_t concord_top_k_add(
    uint64_t *keys, size_t count, size_t capacity, size_t k, float *threshold, const float *x, size_t columns,
    int32_t first) {
    enum { RUN = 32 };
    float limit = *threshold;
    for (size_t start = 0; start < columns; start += RUN) {
        const size_t end = start + RUN < columns ? start + RUN : columns;
        int32_t found = 0;
        for (size_t j = start; j < end; j++) found |= !(x[j] <= limit);
        if (!found) continue;
        for (size_t j = start; j < end; j++) {
            if (x[j] <= limit) continue;
            keys[count++] = key_of(x[j], first + (int32_t)j);
            if (count < capacity) continue;
            select_largest(keys, count, k);
            count = k;
            uint64_t last = keys[0];
            for (size_t i = 1; i < k; i++) last = keys[i] < last ? keys[i] : last;
            limit = value_of(last);
        }
    }
    *threshold = limit;
    return count;
}

static void sift(uint64_t *heap, size_t at, size_t count) {
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1] < heap[child]) child++;
        if (heap[at] <= heap[child]) return;
        swap(heap + at, heap + child);
    }
}

void concord_top_k_finish(float *values, int32_t *indices, uint64_t *keys, size_t count, size_t k) {
    if (k == 0) return;
    if (count > k) select_largest(keys, count, k);
    for (size_t i = k / 2; i-- > 0;) sift(keys, i, k);  // the smallest on top
    for (size_t left = k; left > 1; left--) {
        swap(keys, keys + left - 1);
        sift(keys, 0, left - 1);
    }
    for (size_t i = 0; i < k; i++) {
        values[i] = value_of(keys[i]);
        indices[i] = (int32_t)~(uint32_t)keys[i];
    }
}
