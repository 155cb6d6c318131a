// Inner loops: no state, no allocation, no decision. Pointers do not overlap unless a function says that they may.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attention.h"
#include "bfloat16.h"
#include "biased_gelu.h"
#include "candidates.h"
#include "channel_blocks.h"
#include "channel_statistics.h"
#include "clusters.h"
#include "colors.h"
#include "info_nce.h"
#include "double_vectors.h"
#include "dropout.h"
#include "elementwise.h"
#include "float32_gemm.h"
#include "fourier.h"
#include "indexing.h"
#include "layer_norm.h"
#include "logistic.h"
#include "mathematics.h"
#include "optimizers.h"
#include "peak.h"
#include "pixels.h"
#include "pooling.h"
#include "recurrence.h"
#include "reductions.h"
#include "resampling.h"
#include "softmax.h"
#include "bfloat16x3_gemm.h"
#include "strides.h"
#include "symmetric.h"
#include "top_k.h"
#include "im2col.h"
#include "window_gradient.h"
#include "winograd.h"
#include "label_cross_entropy.h"

#endif
