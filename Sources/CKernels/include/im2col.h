// The windows of a convolution side by side.
#ifndef UNFOLDING_H
#define UNFOLDING_H

#include <stddef.h>

/// An image of `height` x `width` places of `bytes` bytes each, and the windows over it; padding may be negative.
typedef struct {
    size_t height, width, bytes;
    size_t kernel_height, kernel_width, stride_height, stride_width;
    ptrdiff_t padding_height, padding_width;
} concord_windows;

/// The windows of one row of outputs, `count` of them, each as kernel_height x kernel_width places; zeros where they
/// reach into the padding.
void concord_im2col_row(void *to, const void *image, concord_windows windows, size_t row, size_t count);

#endif
