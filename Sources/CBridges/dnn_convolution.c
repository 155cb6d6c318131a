#include "dnn_convolution.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dnn_parts.h"

#if DNNL_VERSION_MAJOR >= 3
static dnnl_status_t then_rectify(dnnl_post_ops_t p) {
    return dnnl_post_ops_append_eltwise(p, dnnl_eltwise_relu, 0, 0);
}
static dnnl_status_t add_to_output(dnnl_post_ops_t p) {
    return dnnl_post_ops_append_sum(p, 1, 0, dnnl_data_type_undef);
}
#else
static dnnl_status_t then_rectify(dnnl_post_ops_t p) {
    return dnnl_post_ops_append_eltwise(p, 1, dnnl_eltwise_relu, 0, 0);
}
static dnnl_status_t add_to_output(dnnl_post_ops_t p) { return dnnl_post_ops_append_sum(p, 1); }
#endif

static dnnl_engine_t engine;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_engine(void) {
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}
dnnl_engine_t concord_dnn_engine(void) {
    pthread_once(&once, make_engine);
    return engine;
}

struct concord_convolution {
    concord_convolution_pass pass;
    step main, reorder;  // reorder.primitive is null where the plain layout serves
    layout plain;
    layout_ref input, weights, bias, output;  // the primitive descriptor's own
};

/// The layouts that a convolution's description is made from.
typedef struct {
    layout input, weights, bias, output;
} layouts;

static void drop_layouts(layouts *l) {
    drop_layout(&l->input);
    drop_layout(&l->weights);
    drop_layout(&l->bias);
    drop_layout(&l->output);
}

/// Held while a convolution is described. Up to 2.7, oneDNN keeps the size of the last block of input channels in a
/// static variable while it describes one (`brg_blocking_t::last_ic_block_size`; openvinotoolkit/oneDNN#167): a float32
/// and a bfloat16 convolution described at once get each other's, and the primitive computes with what lies beside its
/// weights.
static pthread_mutex_t describing = PTHREAD_MUTEX_INITIALIZER;

static dnnl_status_t describe_alone(
    dnnl_primitive_desc_t *description, const concord_convolution_form *f, concord_convolution_pass pass,
    const layouts *l, dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t hint) {
    const dnnl_dims_t strides = {f->stride_height, f->stride_width},
                      dilates = {f->dilation_height - 1, f->dilation_width - 1};
    const dnnl_dims_t padding = {f->padding_height, f->padding_width};
    layout_ref bias = f->has_bias ? ref(&l->bias) : NULL;
    const dnnl_alg_kind_t method = f->is_winograd ? dnnl_convolution_winograd : dnnl_convolution_direct;
    const dnnl_prop_kind_t kind = f->is_inference ? dnnl_forward_inference : dnnl_forward_training;
#if DNNL_VERSION_MAJOR >= 3
    switch (pass) {
    case concord_convolution_forward:
        return dnnl_convolution_forward_primitive_desc_create(
            description, engine, kind, method, ref(&l->input), ref(&l->weights), bias, ref(&l->output), strides,
            dilates, padding, padding, attributes);
    case concord_convolution_backward_data:
        return dnnl_convolution_backward_data_primitive_desc_create(
            description, engine, method, ref(&l->input), ref(&l->weights), ref(&l->output), strides, dilates, padding,
            padding, hint, attributes);
    default:
        return dnnl_convolution_backward_weights_primitive_desc_create(
            description, engine, method, ref(&l->input), ref(&l->weights), bias, ref(&l->output), strides, dilates,
            padding, padding, hint, attributes);
    }
#else
    dnnl_convolution_desc_t convolution;
    dnnl_status_t status;
    switch (pass) {
    case concord_convolution_forward:
        status = dnnl_dilated_convolution_forward_desc_init(
            &convolution, kind, method, ref(&l->input), ref(&l->weights), bias, ref(&l->output), strides, dilates,
            padding, padding);
        break;
    case concord_convolution_backward_data:
        status = dnnl_dilated_convolution_backward_data_desc_init(
            &convolution, method, ref(&l->input), ref(&l->weights), ref(&l->output), strides, dilates, padding,
            padding);
        break;
    default:
        status = dnnl_dilated_convolution_backward_weights_desc_init(
            &convolution, method, ref(&l->input), ref(&l->weights), bias, ref(&l->output), strides, dilates, padding,
            padding);
    }
    return status != dnnl_success ? status
                                  : dnnl_primitive_desc_create(description, &convolution, attributes, engine, hint);
#endif
}

static dnnl_status_t describe(
    dnnl_primitive_desc_t *description, const concord_convolution_form *f, concord_convolution_pass pass,
    const layouts *l, dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t hint) {
    pthread_mutex_lock(&describing);
    const dnnl_status_t status = describe_alone(description, f, pass, l, attributes, hint);
    pthread_mutex_unlock(&describing);
    return status;
}

/// The activations in NHWC, under Winograd's method in blocks of 16 channels; the weights as oneDNN likes them, and
/// plain, which is always float32. Their gradient is float32 too.
static dnnl_status_t make_layouts(
    layouts *l, layout *plain, const concord_convolution_form *f, concord_convolution_pass pass) {
    const dnnl_data_type_t type = f->is_bfloat16 ? dnnl_bf16 : dnnl_f32;
    const dnnl_data_type_t weights = pass == concord_convolution_backward_weights ? dnnl_f32 : type;
    const dnnl_dims_t input = {f->batch, f->channels, f->height, f->width};
    const dnnl_dims_t output = {f->batch, f->filters, f->out_height, f->out_width};
    const dnnl_dims_t dense = {f->filters, f->channels, f->kernel_height, f->kernel_width};
    const dnnl_dims_t grouped = {
        f->groups, f->filters / f->groups, f->channels / f->groups, f->kernel_height, f->kernel_width};
    const dnnl_dims_t bias = {f->filters};
    const int rank = f->groups > 1 ? 5 : 4;
    const dnnl_format_tag_t tag = f->is_winograd ? dnnl_nChw16c : dnnl_nhwc;
    dnnl_status_t status = make_layout(&l->input, 4, input, type, tag);
    if (!status) status = make_layout(&l->output, 4, output, type, tag);
    if (!status) status = make_layout(&l->weights, rank, rank == 5 ? grouped : dense, weights, dnnl_format_tag_any);
    if (!status)
        status = make_layout(plain, rank, rank == 5 ? grouped : dense, dnnl_f32, rank == 5 ? dnnl_goihw : dnnl_oihw);
    if (!status) status = make_layout(&l->bias, 1, bias, dnnl_f32, dnnl_x);
    return status;
}

/// The sum with what the output held, then the rectifier, in the convolution's own pass.
static dnnl_status_t append_epilogue(dnnl_primitive_attr_t attributes, const concord_convolution_form *f) {
    if (!f->adds && !f->rectifies) return dnnl_success;
    dnnl_post_ops_t after = NULL;
    dnnl_status_t status = dnnl_post_ops_create(&after);
    if (!status && f->adds) status = add_to_output(after);
    if (!status && f->rectifies) status = then_rectify(after);
    if (!status) status = dnnl_primitive_attr_set_post_ops(attributes, after);
    if (after) dnnl_post_ops_destroy(after);
    return status;
}

/// The forward pass that a backward one belongs to.
static dnnl_status_t make_hint(
    dnnl_primitive_desc_t *hint, const concord_convolution_form *form, dnnl_primitive_attr_t attributes) {
    layouts l = {0};
    layout plain;
    memset(&plain, 0, sizeof plain);
    dnnl_status_t status = make_layouts(&l, &plain, form, concord_convolution_forward);
    if (!status) status = describe(hint, form, concord_convolution_forward, &l, attributes, NULL);
    drop_layouts(&l);
    drop_layout(&plain);
    return status;
}

static dnnl_status_t make_reorder(concord_convolution *c, dnnl_primitive_attr_t attributes) {
    if (dnnl_memory_desc_equal(c->weights, ref(&c->plain))) return dnnl_success;
    const bool packs = c->pass != concord_convolution_backward_weights;
    layout_ref from = packs ? ref(&c->plain) : c->weights, to = packs ? c->weights : ref(&c->plain);
    return make_copy(&c->reorder, from, to, attributes);
}

int concord_convolution_make(concord_convolution **made, const concord_convolution_form *form) {
    concord_convolution *c = calloc(1, sizeof *c);
    layouts l = {0};
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t status = c && concord_dnn_engine() ? dnnl_primitive_attr_create(&attributes) : dnnl_out_of_memory;
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!status) status = make_layouts(&l, &c->plain, form, form->pass);
    if (!status && form->pass != concord_convolution_forward) status = make_hint(&hint, form, attributes);
    dnnl_primitive_attr_t fused = NULL;
    if (!status) status = dnnl_primitive_attr_clone(&fused, attributes);
    if (!status) status = append_epilogue(fused, form);
    if (!status) status = describe(&c->main.description, form, form->pass, &l, fused, hint);
    if (fused) dnnl_primitive_attr_destroy(fused);
    if (!status) status = dnnl_primitive_create(&c->main.primitive, c->main.description);
    if (!status) {
        const bool data = form->pass == concord_convolution_backward_data,
                   weights = form->pass == concord_convolution_backward_weights;
        c->pass = form->pass;
        c->input = layout_of(&c->main, data ? dnnl_query_diff_src_md : dnnl_query_src_md);
        c->output = layout_of(&c->main, data || weights ? dnnl_query_diff_dst_md : dnnl_query_dst_md);
        const dnnl_query_t what = weights ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
        c->weights = layout_of(&c->main, what);
        c->bias = form->has_bias && !data ? dnnl_primitive_desc_query_md(c->main.description, what, 1) : NULL;
        status = make_reorder(c, attributes);
    }
    if (hint) dnnl_primitive_desc_destroy(hint);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    drop_layouts(&l);
    if (status) {
        concord_convolution_destroy(c);
        c = NULL;
    }
    *made = c;
    return status;
}

void concord_convolution_destroy(concord_convolution *c) {
    if (!c) return;
    drop_step(&c->main);
    drop_step(&c->reorder);
    drop_layout(&c->plain);
    free(c);
}

size_t concord_convolution_scratch_bytes(const concord_convolution *c) {
    size_t a = scratch_bytes(&c->main), b = scratch_bytes(&c->reorder);
    return a > b ? a : b;
}

size_t concord_convolution_packed_bytes(const concord_convolution *c) {
    return c->reorder.primitive ? dnnl_memory_desc_get_size(c->weights) : 0;
}

const char *concord_convolution_kernels(const concord_convolution *c) {
    const char *name = NULL;
    dnnl_primitive_desc_query(c->main.description, dnnl_query_impl_info_str, 0, &name);
    return name ? name : "unknown";
}

int concord_dnn_execute(const step *s, const argument *arguments, int count, void *scratch) {
    dnnl_exec_arg_t given[8];
    int made = 0;
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    for (int i = 0; !status && i <= count; i++) {
        const argument a =
            i < count ? arguments[i] : (argument){DNNL_ARG_SCRATCHPAD, layout_of(s, dnnl_query_scratchpad_md), scratch};
        if (!a.at || !a.as) continue;
        given[made].arg = a.name;
        status = dnnl_memory_create(&given[made].memory, a.as, engine, a.at);
        if (!status) made++;
    }
    if (!status) status = dnnl_primitive_execute(s->primitive, stream, made, given);
    if (!status) status = dnnl_stream_wait(stream);
    for (int i = 0; i < made; i++) dnnl_memory_destroy(given[i].memory);
    if (stream) dnnl_stream_destroy(stream);
    return status;
}

static int reorder(
    const concord_convolution *c, layout_ref from, const void *source, layout_ref to, void *target, void *scratch) {
    const argument arguments[] = {{DNNL_ARG_FROM, from, (void *)source}, {DNNL_ARG_TO, to, target}};
    return concord_dnn_execute(&c->reorder, arguments, 2, scratch);
}

int concord_convolution_pack(const concord_convolution *c, const void *plain, void *packed, void *scratch) {
    return reorder(c, ref(&c->plain), plain, c->weights, packed, scratch);
}

int concord_convolution_unpack(const concord_convolution *c, const void *packed, void *plain, void *scratch) {
    return reorder(c, c->weights, packed, ref(&c->plain), plain, scratch);
}

int concord_convolution_run(
    const concord_convolution *c, void *input, void *weights, void *bias, void *output, void *scratch) {
    const bool data = c->pass == concord_convolution_backward_data, w = c->pass == concord_convolution_backward_weights;
    const argument arguments[] = {
        {data ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, c->input, input},
        {w ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, c->weights, weights},
        {w ? DNNL_ARG_DIFF_BIAS : DNNL_ARG_BIAS, c->bias, bias},
        {data || w ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, c->output, output},
    };
    return concord_dnn_execute(&c->main, arguments, 4, scratch);
}
