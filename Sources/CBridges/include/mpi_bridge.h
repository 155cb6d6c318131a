// MPI: its constants are macros, and Open MPI's and MPICH's differ. Built with the package trait MPI; without it every
// function says that there is none.
#ifndef CBRIDGES_MPI_H
#define CBRIDGES_MPI_H

#include <stdbool.h>
#include <stddef.h>

/// Whether this build knows MPI.
bool concord_mpi_is_built(void);

/// Starts MPI for calls from this thread alone. Returns 0, or MPI's error code.
int concord_mpi_start(void);
/// Ends MPI, after all ranks came here.
void concord_mpi_finish(void);
/// Ends all ranks at once.
_Noreturn void concord_mpi_abort(int code);

int concord_mpi_rank(void);
int concord_mpi_count(void);
/// Ranks on this host, and this rank's place among them.
void concord_mpi_host(int *rank, int *count);
/// Name and version of the library, one line, to be freed.
char *concord_mpi_library(void);
/// A code in words, to be freed.
char *concord_mpi_message(int code);

/// Sums over ranks, in place; `is_double` says which type. Return MPI's error code, as all below.
int concord_mpi_all_reduce(void *values, long count, bool is_double);
/// The largest over ranks, in place.
int concord_mpi_all_reduce_largest(double *values, long count);
/// Every rank's rows behind each other: `rows[r]` rows of `row_bytes` from rank r.
int concord_mpi_all_gather(const void *own, void *all, const long *rows, long row_bytes);
/// The sum over ranks of `values`, of which rank r gets its `counts[r]` floats.
int concord_mpi_reduce_scatter(const float *values, float *own, const long *counts);
int concord_mpi_broadcast(void *bytes, long count, int root);
int concord_mpi_barrier(void);

/// Calls under way: made by the functions below, ended by wait.
typedef struct concord_mpi_request concord_mpi_request;

/// The sums over ranks of `values`, in `sums`. Calls of their own kind, with swap: their order among other calls may
/// differ from rank to rank.
int concord_mpi_start_all_reduce(concord_mpi_request **request, const float *values, float *sums, long count);
/// Of two ranks: each gets the other's floats.
int concord_mpi_start_swap(concord_mpi_request **request, const float *out, float *in, long count);
int concord_mpi_start_all_gather(
    concord_mpi_request **request, const void *own, void *all, const long *rows, long row_bytes);
int concord_mpi_start_reduce_scatter(concord_mpi_request **request, const float *values, float *own, const long *counts);
int concord_mpi_start_broadcast(concord_mpi_request **request, void *bytes, long count, int root);
/// Sends floats to one rank while others come from another.
int concord_mpi_start_exchange(
    concord_mpi_request **request, const float *out, long out_count, int to, float *in, long in_count, int from);
/// Lets MPI work; whether the call is done.
int concord_mpi_test(concord_mpi_request *request, bool *is_done);
/// Waits for the call and frees the request.
int concord_mpi_wait(concord_mpi_request *request);

#endif
