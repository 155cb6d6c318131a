// What the `concord` program does before the constructors of its libraries run, and as its last act.
#ifndef CSTARTUP_H
#define CSTARTUP_H

/// Does nothing; a call keeps the file that holds the hook in the program.
void concord_startup_link(void);

/// Flushes standard output and standard error. Returns whether all of standard output was written, and if not, why in
/// `errno` (0 where that is not known any more).
_Bool concord_flush_streams(void);

#endif
