#ifndef OPTIMIZERS_H
#define OPTIMIZERS_H

#include <stdbool.h>
#include <stddef.h>

/// One step of AdamW for one parameter. `decay` is 1 - rate * weight decay, `step_size` rate / (1 - beta1^t),
/// `second_scale` 1 / sqrt(1 - beta2^t).
struct concord_adamw_step {
    float gradient_scale, beta1_rest, beta2, beta2_rest, decay, step_size, second_scale, epsilon;
};

/// Parameter, both moments and gradient are read once and written once. A null gradient means zeros.
void concord_adamw(float *p, float *m, float *v, const float *g, size_t count, struct concord_adamw_step step);

/// One step of SGD for one parameter.
struct concord_sgd_step {
    float gradient_scale, weight_decay, momentum, rate;
    bool is_nesterov;
};

/// A null momentum buffer means no momentum; a null gradient means zeros.
void concord_sgd(float *p, float *buffer, const float *g, size_t count, struct concord_sgd_step step);

/// One step of Lion for one parameter. `decay` is 1 - rate * weight decay.
struct concord_lion_step {
    float gradient_scale, beta1, beta2, decay, rate;
};

/// A null gradient means zeros.
void concord_lion(float *p, float *m, const float *g, size_t count, struct concord_lion_step step);

/// The sum of squares, in double precision.
double concord_sum_of_squares(const float *a, size_t count);

#endif
