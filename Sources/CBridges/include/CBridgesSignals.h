#ifndef CBRIDGES_SIGNALS_H
#define CBRIDGES_SIGNALS_H

/// From now on SIGINT and SIGTERM are noted instead of ending the process; a second one ends it at once with 128 + its number.
/// Calls nest.
void concord_signals_catch(void);

/// Puts back what was in force before the matching `concord_signals_catch`, and forgets a noted signal with the last one.
void concord_signals_release(void);

/// The signal noted, 0 if none came.
int concord_signals_noted(void);

#endif
