#include "mpi_bridge.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CONCORD_MPI
#include <mpi.h>

// Counts are ints in MPI: at most this many floats are sent at a time.
enum { PIECE = 1 << 28 };

struct concord_mpi_request {
    int count;
    MPI_Request *pending;
    MPI_Datatype row;
    int *counts, *places;
};

// Of the sums of gradients, whose order among other calls may differ from rank to rank.
static MPI_Comm sums = MPI_COMM_NULL;

bool concord_mpi_is_built(void) { return true; }

int concord_mpi_start(void) {
    int is_started = 0, provided = 0;
    MPI_Initialized(&is_started);
    if (!is_started) {
        const int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
        if (code != MPI_SUCCESS) return code;
    }
    const int code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    return code == MPI_SUCCESS && sums == MPI_COMM_NULL ? MPI_Comm_dup(MPI_COMM_WORLD, &sums) : code;
}

void concord_mpi_finish(void) {
    int is_finished = 0;
    MPI_Finalized(&is_finished);
    if (!is_finished) MPI_Finalize();
}

void concord_mpi_abort(int code) {
    MPI_Abort(MPI_COMM_WORLD, code);
    abort();
}

int concord_mpi_rank(void) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

int concord_mpi_count(void) {
    int count = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    return count;
}

void concord_mpi_host(int *rank, int *count) {
    MPI_Comm host;
    *rank = 0, *count = 1;
    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host) != MPI_SUCCESS) return;
    MPI_Comm_rank(host, rank);
    MPI_Comm_size(host, count);
    MPI_Comm_free(&host);
}

char *concord_mpi_library(void) {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = {0};
    int length = 0;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = 0;
    return strdup(text);
}

char *concord_mpi_message(int code) {
    char text[MPI_MAX_ERROR_STRING] = {0};
    int length = 0;
    MPI_Error_string(code, text, &length);
    return strdup(text);
}

int concord_mpi_all_reduce(void *values, long count, bool is_double) {
    const size_t size = is_double ? sizeof(double) : sizeof(float);
    for (long at = 0; at < count; at += PIECE) {
        const long rest = count - at;
        const int code = MPI_Allreduce(
            MPI_IN_PLACE, (char *)values + (size_t)at * size, (int)(rest < PIECE ? rest : PIECE),
            is_double ? MPI_DOUBLE : MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        if (code != MPI_SUCCESS) return code;
    }
    return MPI_SUCCESS;
}

int concord_mpi_all_reduce_largest(double *values, long count) {
    return MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
}

static int pieces(long count) { return (int)((count + PIECE - 1) / PIECE); }

static int piece(long count, int place) {
    const long rest = count - (long)place * PIECE;
    return (int)(rest < PIECE ? rest : PIECE);
}

static concord_mpi_request *make(int count) {
    concord_mpi_request *request = calloc(1, sizeof *request);
    request->count = count;
    request->pending = calloc((size_t)(count > 0 ? count : 1), sizeof *request->pending);
    for (int i = 0; i < count; i++) request->pending[i] = MPI_REQUEST_NULL;
    request->row = MPI_DATATYPE_NULL;
    return request;
}

static void release(concord_mpi_request *request) {
    if (request->row != MPI_DATATYPE_NULL) MPI_Type_free(&request->row);
    free(request->counts);
    free(request->places);
    free(request->pending);
    free(request);
}

// Ints of the ranks' counts, and the sum of those before each.
static void lay_out(concord_mpi_request *request, const long *counts) {
    const int ranks = concord_mpi_count();
    request->counts = malloc((size_t)ranks * sizeof(int));
    request->places = malloc((size_t)ranks * sizeof(int));
    int place = 0;
    for (int i = 0; i < ranks; i++) {
        request->counts[i] = (int)counts[i];
        request->places[i] = place;
        place += (int)counts[i];
    }
}

static int started(concord_mpi_request **request, concord_mpi_request *made, int code) {
    if (code == MPI_SUCCESS) {
        *request = made;
    } else {
        release(made);
    }
    return code;
}

int concord_mpi_start_all_gather(
    concord_mpi_request **request, const void *own, void *all, const long *rows, long row_bytes) {
    concord_mpi_request *made = make(1);
    lay_out(made, rows);
    int code = MPI_Type_contiguous((int)row_bytes, MPI_BYTE, &made->row);
    if (code == MPI_SUCCESS) code = MPI_Type_commit(&made->row);
    if (code == MPI_SUCCESS) {
        code = MPI_Iallgatherv(
            own, made->counts[concord_mpi_rank()], made->row, all, made->counts, made->places, made->row,
            MPI_COMM_WORLD, made->pending);
    }
    return started(request, made, code);
}

int concord_mpi_start_reduce_scatter(
    concord_mpi_request **request, const float *values, float *own, const long *counts) {
    concord_mpi_request *made = make(1);
    lay_out(made, counts);
    return started(
        request, made,
        MPI_Ireduce_scatter(values, own, made->counts, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, made->pending));
}

// Not in place: Open MPI then has a ring in place of a tree of whole messages, from four ranks on.
int concord_mpi_start_all_reduce(concord_mpi_request **request, const float *values, float *result, long count) {
    concord_mpi_request *made = make(pieces(count));
    int code = MPI_SUCCESS;
    for (int i = 0; i < made->count && code == MPI_SUCCESS; i++) {
        const long at = (long)i * PIECE;
        code = MPI_Iallreduce(
            values + at, result + at, piece(count, i), MPI_FLOAT, MPI_SUM, sums, made->pending + i);
    }
    return started(request, made, code);
}

int concord_mpi_start_swap(concord_mpi_request **request, const float *out, float *in, long count) {
    const int n = pieces(count), peer = 1 - concord_mpi_rank();
    concord_mpi_request *made = make(2 * n);
    int code = MPI_SUCCESS;
    for (int i = 0; i < n && code == MPI_SUCCESS; i++) {
        const long at = (long)i * PIECE;
        code = MPI_Irecv(in + at, piece(count, i), MPI_FLOAT, peer, i, sums, made->pending + 2 * i);
        if (code == MPI_SUCCESS) {
            code = MPI_Isend(out + at, piece(count, i), MPI_FLOAT, peer, i, sums, made->pending + 2 * i + 1);
        }
    }
    return started(request, made, code);
}

int concord_mpi_start_broadcast(concord_mpi_request **request, void *bytes, long count, int root) {
    concord_mpi_request *made = make(pieces(count));
    int code = MPI_SUCCESS;
    for (int i = 0; i < made->count && code == MPI_SUCCESS; i++) {
        code = MPI_Ibcast(
            (char *)bytes + (long)i * PIECE, piece(count, i), MPI_BYTE, root, MPI_COMM_WORLD, made->pending + i);
    }
    return started(request, made, code);
}

int concord_mpi_start_exchange(
    concord_mpi_request **request, const float *out, long out_count, int to, float *in, long in_count, int from) {
    const int received = pieces(in_count), sent = pieces(out_count);
    concord_mpi_request *made = make(received + sent);
    int code = MPI_SUCCESS;
    for (int i = 0; i < received && code == MPI_SUCCESS; i++) {
        code = MPI_Irecv(
            in + (long)i * PIECE, piece(in_count, i), MPI_FLOAT, from, i, MPI_COMM_WORLD, made->pending + i);
    }
    for (int i = 0; i < sent && code == MPI_SUCCESS; i++) {
        code = MPI_Isend(
            out + (long)i * PIECE, piece(out_count, i), MPI_FLOAT, to, i, MPI_COMM_WORLD, made->pending + received + i);
    }
    return started(request, made, code);
}

int concord_mpi_test(concord_mpi_request *request, bool *is_done) {
    int done = 0;
    const int code = MPI_Testall(request->count, request->pending, &done, MPI_STATUSES_IGNORE);
    *is_done = done;
    return code;
}

int concord_mpi_wait(concord_mpi_request *request) {
    const int code = MPI_Waitall(request->count, request->pending, MPI_STATUSES_IGNORE);
    release(request);
    return code;
}

int concord_mpi_all_gather(const void *own, void *all, const long *rows, long row_bytes) {
    concord_mpi_request *request = NULL;
    const int code = concord_mpi_start_all_gather(&request, own, all, rows, row_bytes);
    return code == MPI_SUCCESS ? concord_mpi_wait(request) : code;
}

int concord_mpi_reduce_scatter(const float *values, float *own, const long *counts) {
    concord_mpi_request *request = NULL;
    const int code = concord_mpi_start_reduce_scatter(&request, values, own, counts);
    return code == MPI_SUCCESS ? concord_mpi_wait(request) : code;
}

int concord_mpi_broadcast(void *bytes, long count, int root) {
    concord_mpi_request *request = NULL;
    const int code = concord_mpi_start_broadcast(&request, bytes, count, root);
    return code == MPI_SUCCESS ? concord_mpi_wait(request) : code;
}

int concord_mpi_barrier(void) { return MPI_Barrier(MPI_COMM_WORLD); }

#else

bool concord_mpi_is_built(void) { return false; }
int concord_mpi_start(void) { return -1; }
void concord_mpi_finish(void) {}
void concord_mpi_abort(int code) { _Exit(code); }
int concord_mpi_rank(void) { return 0; }
int concord_mpi_count(void) { return 1; }
void concord_mpi_host(int *rank, int *count) { *rank = 0, *count = 1; }
char *concord_mpi_library(void) { return strdup("none"); }
char *concord_mpi_message(int code) {
    (void)code;
    return strdup("built without MPI");
}
int concord_mpi_all_reduce(void *values, long count, bool is_double) {
    return (void)values, (void)count, (void)is_double, -1;
}
int concord_mpi_all_reduce_largest(double *values, long count) { return (void)values, (void)count, -1; }
int concord_mpi_all_gather(const void *own, void *all, const long *rows, long row_bytes) {
    return (void)own, (void)all, (void)rows, (void)row_bytes, -1;
}
int concord_mpi_reduce_scatter(const float *values, float *own, const long *counts) {
    return (void)values, (void)own, (void)counts, -1;
}
int concord_mpi_broadcast(void *bytes, long count, int root) { return (void)bytes, (void)count, (void)root, -1; }
int concord_mpi_barrier(void) { return -1; }
int concord_mpi_start_all_reduce(concord_mpi_request **request, const float *values, float *result, long count) {
    return (void)request, (void)values, (void)result, (void)count, -1;
}
int concord_mpi_start_swap(concord_mpi_request **request, const float *out, float *in, long count) {
    return (void)request, (void)out, (void)in, (void)count, -1;
}
int concord_mpi_start_all_gather(
    concord_mpi_request **request, const void *own, void *all, const long *rows, long row_bytes) {
    return (void)request, (void)own, (void)all, (void)rows, (void)row_bytes, -1;
}
int concord_mpi_start_reduce_scatter(
    concord_mpi_request **request, const float *values, float *own, const long *counts) {
    return (void)request, (void)values, (void)own, (void)counts, -1;
}
int concord_mpi_start_broadcast(concord_mpi_request **request, void *bytes, long count, int root) {
    return (void)request, (void)bytes, (void)count, (void)root, -1;
}
int concord_mpi_start_exchange(
    concord_mpi_request **request, const float *out, long out_count, int to, float *in, long in_count, int from) {
    return (void)request, (void)out, (void)out_count, (void)to, (void)in, (void)in_count, (void)from, -1;
}
int concord_mpi_test(concord_mpi_request *request, bool *is_done) { return (void)request, (void)is_done, -1; }
int concord_mpi_wait(concord_mpi_request *request) { return (void)request, -1; }

#endif
