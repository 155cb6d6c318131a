#include "optimizers.h"

#include "dispatch.h"

SIMD void concord_adamw(
    float *restrict p, float *restrict m, float *restrict v, const float *restrict g, size_t count,
    struct concord_adamw_step s) {
    for (size_t i = 0; i < count; i++) {
        const float gradient = g ? g[i] * s.gradient_scale : 0;
        const float first = m[i] + s.beta1_rest * (gradient - m[i]);
        const float second = s.beta2 * v[i] + s.beta2_rest * (gradient * gradient);
        m[i] = first;
        v[i] = second;
        p[i] = p[i] * s.decay - s.step_size * first / (__builtin_elementwise_sqrt(second) * s.second_scale + s.epsilon);
    }
}

SIMD void concord_sgd(
    float *restrict p, float *restrict buffer, const float *restrict g, size_t count, struct concord_sgd_step s) {
    if (!buffer) {
        for (size_t i = 0; i < count; i++) p[i] -= s.rate * ((g ? g[i] * s.gradient_scale : 0) + s.weight_decay * p[i]);
        return;
    }
    const float direct = s.is_nesterov ? 1 : 0, buffered = s.is_nesterov ? s.momentum : 1;
    for (size_t i = 0; i < count; i++) {
        const float gradient = (g ? g[i] * s.gradient_scale : 0) + s.weight_decay * p[i];
        const float velocity = s.momentum * buffer[i] + gradient;
        buffer[i] = velocity;
        p[i] -= s.rate * (direct * gradient + buffered * velocity);
    }
}

SIMD void concord_lion(
    float *restrict p, float *restrict m, const float *restrict g, size_t count, struct concord_lion_step s) {
    for (size_t i = 0; i < count; i++) {
        const float gradient = g ? g[i] * s.gradient_scale : 0;
        const float direction = s.beta1 * m[i] + (1 - s.beta1) * gradient;
        m[i] = s.beta2 * m[i] + (1 - s.beta2) * gradient;
        p[i] = p[i] * s.decay - s.rate * (float)((direction > 0) - (direction < 0));
    }
}

SIMD double concord_sum_of_squares(const float *a, size_t count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)a[i];
    return sum;
}
