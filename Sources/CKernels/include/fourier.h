#ifndef FOURIER_H
#define FOURIER_H

#include <stddef.h>

// Sixteen Fourier transforms at once: point p of transform i is element p * 16 + i of the real and of the imaginary
// parts.

// One pass of a Stockham transform (decimation in time) of `points` points: `done` is the product of the radices of the
// passes before it. cosines and sines: cos and sin of -2 pi i / points.
void concord_fourier_pass(
    float *to_real, float *to_imaginary, const float *from_real, const float *from_imaginary, size_t points,
    size_t done, size_t radix, const float *cosines, const float *sines);
// Energies of 2 * points real samples, from the transform of the even ones (real) and odd ones (imaginary): points + 1
// of them. cosines and sines: cos and sin of -pi i / points.
void concord_real_energies(
    float *out, const float *real, const float *imaginary, size_t points, const float *cosines, const float *sines);

#endif
