#include "mathematics.h"

#include "dispatch.h"
#include "elementary.h"

// x is the element in EXPRESSION.
#define UNARY(NAME, EXPRESSION)                                                  \
    SIMD void NAME(float *restrict out, const float *restrict a, size_t count) { \
        for (size_t i = 0; i < count; i++) {                                     \
            const float x = a[i];                                                \
            out[i] = EXPRESSION;                                                 \
        }                                                                        \
    }

// d is the upstream's element, x the input's or output's.
#define PULLBACK(NAME, EXPRESSION)                                                                        \
    SIMD void NAME(float *restrict out, const float *restrict g, const float *restrict a, size_t count) { \
        for (size_t i = 0; i < count; i++) {                                                              \
            const float d = g[i], x = a[i];                                                               \
            out[i] = EXPRESSION;                                                                          \
        }                                                                                                 \
    }

#define INLINE static inline __attribute__((always_inline))

INLINE float silu_slope(float x, float s) { return s + x * s * (1.0f - s); }

// sqrt(2 / pi) and the cubic term of the tanh form.
#define GELU_SCALE 0.797884561f
#define GELU_CUBE 0.044715f

INLINE float gelu_tanh(float x) { return 0.5f * x * (1.0f + element_tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x))); }

INLINE float gelu_tanh_slope(float x) {
    const float t = element_tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x));
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * GELU_SCALE * (1.0f + 3.0f * GELU_CUBE * x * x);
}

INLINE float gelu_slope(float x) { return element_normal(x) + x * element_density(x); }

UNARY(concord_abs, __builtin_fabsf(x))
UNARY(concord_square, x *x)
UNARY(concord_sqrt, __builtin_sqrtf(x))
UNARY(concord_exp, row_exp(x))
UNARY(concord_log, element_log(x))
UNARY(concord_log1p, element_log1p(x))
UNARY(concord_tanh, element_tanh(x))
UNARY(concord_sigmoid, element_sigmoid(x))
UNARY(concord_softplus, element_softplus(x))
UNARY(concord_relu, x < 0.0f ? 0.0f : x)
UNARY(concord_silu, x *element_sigmoid(x))
UNARY(concord_gelu, x *element_normal(x))
UNARY(concord_gelu_tanh, gelu_tanh(x))
UNARY(concord_gelu_quick, x *element_sigmoid(1.702f * x))

PULLBACK(concord_abs_pullback_x, x > 0.0f ? d : x < 0.0f ? -d : x != x ? x : 0.0f)
PULLBACK(concord_square_pullback_x, 2.0f * d * x)
PULLBACK(concord_sqrt_pullback_y, 0.5f * d / x)
PULLBACK(concord_exp_pullback_y, d *x)
PULLBACK(concord_log_pullback_x, d / x)
PULLBACK(concord_log1p_pullback_x, d / (1.0f + x))
PULLBACK(concord_tanh_pullback_y, d * (1.0f - x * x))
PULLBACK(concord_sigmoid_pullback_y, d * x * (1.0f - x))
PULLBACK(concord_softplus_pullback_x, d *element_sigmoid(x))
PULLBACK(concord_relu_pullback_y, x > 0.0f ? d : 0.0f)
PULLBACK(concord_silu_pullback_x, d *silu_slope(x, element_sigmoid(x)))
PULLBACK(concord_gelu_pullback_x, d *gelu_slope(x))
PULLBACK(concord_gelu_tanh_pullback_x, d *gelu_tanh_slope(x))
PULLBACK(concord_gelu_quick_pullback_x, d *silu_slope(1.702f * x, element_sigmoid(1.702f * x)))

void concord_power(float *out, const float *a, float exponent, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = powf(a[i], exponent);
}

SIMD void concord_clamp(float *restrict out, const float *restrict a, float low, float high, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float x = a[i] < low ? low : a[i];
        out[i] = x > high ? high : x;
    }
}

SIMD void concord_clamp_pullback(
    float *restrict out, const float *restrict g, const float *restrict a, float low, float high, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float d = g[i];
        out[i] = a[i] < low || a[i] > high ? 0.0f : d;
    }
}
