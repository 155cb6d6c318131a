// What Swift cannot see: thread-local variables, libgomp's entry points, setjmp, macros, library version differences.
// No loops over data and no policy live here.
#ifndef CBRIDGES_H
#define CBRIDGES_H

#include "CBridgesSignals.h"
#include "CBridgesThreads.h"
#include "CBridgesJPEG.h"
#include "CBridgesPNG.h"
#include "CBridgesSoxr.h"
#include "CBridgesDNN.h"
#include "CBridgesFloats.h"
#include "CBridgesProducts.h"

#endif
