#ifndef CBRIDGES_SIGNALS_H
#define CBRIDGES_SIGNALS_H

/// From now on SIGINT, SIGTERM and SIGHUP (unless ignored, as under nohup) are noted instead of ending the process; a second one ends it
/// at once with 128 + its number. Writing to a pipe that nobody reads is an error like others and no signal. Calls nest.
void concord_signals_catch(void);

/// Puts back what was in force before the matching `concord_signals_catch`, and forgets a noted signal with the last one.
void concord_signals_release(void);

/// The signal noted, 0 if none came.
int concord_signals_noted(void);

#endif
