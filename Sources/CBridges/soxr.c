#include "soxr_bridge.h"

#include <soxr.h>

struct soxr *concord_resampler_make(double from, double to, const char **error) {
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, SOXR_HI_PREC_CLOCK);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    return soxr_create(from, to, 1, error, &io, &quality, &runtime);
}
