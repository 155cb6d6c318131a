// A file in memory: glibc declares memfd_create for _GNU_SOURCE alone, which Swift's module of it does not set.
#define _GNU_SOURCE
#include "memory_file.h"

#include <sys/mman.h>

int concord_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
