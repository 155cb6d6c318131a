// What Swift cannot see: thread-local variables, libgomp's entry points, setjmp, macros, library version differences.
// No loops over data and no policy live here.
#ifndef CBRIDGES_H
#define CBRIDGES_H

#include "signal_bridge.h"
#include "thread_bridge.h"
#include "mpi_bridge.h"
#include "memory_file.h"
#include "jpeg_bridge.h"
#include "png_bridge.h"
#include "soxr_bridge.h"
#include "dnn_convolution.h"
#include "float_mode.h"
#include "dnn_matmul.h"

#endif
