#ifndef CBRIDGES_SIGNALS_H
#define CBRIDGES_SIGNALS_H

/// From now on SIGINT, SIGTERM and SIGHUP (unless ignored, as under nohup) are noted instead of ending the process; a
/// second one ends it at once with 128 + its number. SIGUSR1 is noted apart from them, as a request for a checkpoint.
/// Writing to a pipe that nobody reads is an error like others and no signal. Calls nest.
void concord_signals_catch(void);

/// Puts back what was in force before the matching `concord_signals_catch`, and forgets a noted signal with the last
/// one.
void concord_signals_release(void);

/// The signal noted, 0 if none came.
int concord_signals_noted(void);

/// 1 if SIGUSR1 came since the last call, otherwise 0.
int concord_signals_take_checkpoint_request(void);

#endif
