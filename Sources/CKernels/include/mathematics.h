#ifndef MATHEMATICS_H
#define MATHEMATICS_H

#include <stddef.h>

#define CONCORD_UNARY(NAME) void NAME(float *out, const float *a, size_t count)

CONCORD_UNARY(concord_abs);
CONCORD_UNARY(concord_square);
CONCORD_UNARY(concord_sqrt);
CONCORD_UNARY(concord_exp);
CONCORD_UNARY(concord_log);
CONCORD_UNARY(concord_log1p);
CONCORD_UNARY(concord_tanh);
CONCORD_UNARY(concord_sigmoid);
CONCORD_UNARY(concord_softplus);
CONCORD_UNARY(concord_relu);
CONCORD_UNARY(concord_silu);
CONCORD_UNARY(concord_gelu);
CONCORD_UNARY(concord_gelu_tanh);
CONCORD_UNARY(concord_gelu_quick);

// g times the derivative, from the function's input x or its output y, by the name's last letter.
#define CONCORD_PULLBACK(NAME) void NAME(float *out, const float *g, const float *a, size_t count)

CONCORD_PULLBACK(concord_abs_pullback_x);
CONCORD_PULLBACK(concord_square_pullback_x);
CONCORD_PULLBACK(concord_sqrt_pullback_y);
CONCORD_PULLBACK(concord_exp_pullback_y);
CONCORD_PULLBACK(concord_log_pullback_x);
CONCORD_PULLBACK(concord_log1p_pullback_x);
CONCORD_PULLBACK(concord_tanh_pullback_y);
CONCORD_PULLBACK(concord_sigmoid_pullback_y);
CONCORD_PULLBACK(concord_softplus_pullback_x);
CONCORD_PULLBACK(concord_relu_pullback_y);
CONCORD_PULLBACK(concord_silu_pullback_x);
CONCORD_PULLBACK(concord_gelu_pullback_x);
CONCORD_PULLBACK(concord_gelu_tanh_pullback_x);
CONCORD_PULLBACK(concord_gelu_quick_pullback_x);

// The C library's powf, not vectorized.
void concord_power(float *out, const float *a, float exponent, size_t count);
// NaN stays.
void concord_clamp(float *out, const float *a, float low, float high, size_t count);
void concord_clamp_pullback(float *out, const float *g, const float *a, float low, float high, size_t count);

#endif
