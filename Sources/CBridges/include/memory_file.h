#ifndef CBRIDGES_MEMORY_FILE_H
#define CBRIDGES_MEMORY_FILE_H

/// A new, empty file that exists in memory alone.
/// \return its descriptor, closed at exec; -1 and errno where there is none.
int concord_memory_file(const char *_Nonnull name);

#endif
