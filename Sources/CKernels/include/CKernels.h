// Inner loops: no state, no allocation, no decision. Pointers do not overlap unless a function says that they may.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Attention.h"
#include "BFloat16.h"
#include "BiasedGELU.h"
#include "Candidates.h"
#include "ChannelBlocks.h"
#include "ChannelStatistics.h"
#include "Colors.h"
#include "Contrast.h"
#include "Dropout.h"
#include "Elementwise.h"
#include "Fourier.h"
#include "Indexing.h"
#include "LayerNorm.h"
#include "Mathematics.h"
#include "Optimizers.h"
#include "Peak.h"
#include "Pixels.h"
#include "Pooling.h"
#include "Recurrence.h"
#include "Reductions.h"
#include "Resampling.h"
#include "Softmax.h"
#include "SplitProducts.h"
#include "Strides.h"
#include "Unfolding.h"
#include "Windows.h"
#include "TableEntropy.h"

#endif
