#ifndef CBRIDGES_SOXR_H
#define CBRIDGES_SOXR_H

/// libsoxr's resampler of one channel of floats, on the calling thread, at its high quality (20 bits, linear phase,
/// pass band to 0.913 of the lower rate's half) with a clock that keeps any ratio exact over hours. Null with a reason
/// in `*error`; for `soxr_delete`.
struct soxr *concord_resampler_make(double from, double to, const char **error);

#endif
