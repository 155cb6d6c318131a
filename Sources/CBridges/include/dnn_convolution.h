// oneDNN's C API changed with version 3; this is the one place that knows both.
#ifndef CBRIDGES_DNN_H
#define CBRIDGES_DNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    concord_convolution_forward,
    concord_convolution_backward_data,
    concord_convolution_backward_weights,
} concord_convolution_pass;

/// What one convolution primitive does: activations are dense `[N, H, W, C]` but under `is_winograd`.
typedef struct {
    concord_convolution_pass pass;
    /// Activations and packed weights are bfloat16 instead of float32; plain weights, biases and gradients of both are
    /// float32.
    bool is_bfloat16;
    bool has_bias;
    /// By Winograd's method in place of the direct one, on activations as `[N, C / 16, H, W, 16]`; oneDNN refuses where
    /// it has no kernels for it.
    bool is_winograd;
    /// Forward only: no backward pass will follow.
    bool is_inference;
    /// Inference only: what the output's memory holds is added, then negative values become zero.
    bool adds, rectifies;
    int64_t batch, groups;
    int64_t channels, height, width;
    int64_t filters, out_height, out_width;
    int64_t kernel_height, kernel_width;
    int64_t stride_height, stride_width;
    /// Rows of zeros above and below; columns left and right.
    int64_t padding_height, padding_width;
    /// 1 is dense.
    int64_t dilation_height, dilation_width;
} concord_convolution_form;

typedef struct concord_convolution concord_convolution;

/// Makes the primitive for as many threads as omp_get_max_threads() says. Returns oneDNN's status, 0 for success.
int concord_convolution_make(concord_convolution **made, const concord_convolution_form *form);
void concord_convolution_destroy(concord_convolution *convolution);

/// Bytes of working memory that a call needs; the largest of running, packing and unpacking.
size_t concord_convolution_scratch_bytes(const concord_convolution *convolution);
/// Bytes of the weights in the primitive's own layout; 0 where that is the plain `[out, in / groups, kH, kW]`.
size_t concord_convolution_packed_bytes(const concord_convolution *convolution);
/// oneDNN's name for the kernels that it chose.
const char *concord_convolution_kernels(const concord_convolution *convolution);

/// Plain weights into the primitive's layout; not for backward_weights.
int concord_convolution_pack(const concord_convolution *convolution, const void *plain, void *packed, void *scratch);
/// The weights' gradient out of the primitive's layout; for backward_weights only.
int concord_convolution_unpack(const concord_convolution *convolution, const void *packed, void *plain, void *scratch);

/// Runs it; safe from several threads at once with a scratch each.
///
/// forward: input, weights, bias to output; backward_data: output, weights to input;
/// backward_weights: input, output to weights and bias. `bias` is null without one.
int concord_convolution_run(
    const concord_convolution *convolution, void *input, void *weights, void *bias, void *output, void *scratch);

#endif
