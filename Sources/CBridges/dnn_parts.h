// What all primitives of oneDNN have in common here: layouts under both APIs, the engine, how one runs.
#ifndef DNN_PARTS_H
#define DNN_PARTS_H

#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stddef.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;  // owned
typedef const_dnnl_memory_desc_t layout_ref;
static inline layout_ref ref(const layout *l) { return *l; }
static inline dnnl_status_t make_layout(
    layout *l, int rank, const dnnl_dims_t sizes, dnnl_data_type_t type, dnnl_format_tag_t tag) {
    return dnnl_memory_desc_create_with_tag(l, rank, sizes, type, tag);
}
static inline void drop_layout(layout *l) { dnnl_memory_desc_destroy(*l); }
#else
typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *layout_ref;
static inline layout_ref ref(const layout *l) { return l; }
static inline dnnl_status_t make_layout(
    layout *l, int rank, const dnnl_dims_t sizes, dnnl_data_type_t type, dnnl_format_tag_t tag) {
    return dnnl_memory_desc_init_by_tag(l, rank, sizes, type, tag);
}
static inline void drop_layout(layout *l) { (void)l; }
#endif

/// The processor's; null where it cannot be made.
dnnl_engine_t concord_dnn_engine(void);

/// A primitive with what is asked of its description when it runs.
typedef struct {
    dnnl_primitive_desc_t description;
    dnnl_primitive_t primitive;
} step;

static inline void drop_step(step *s) {
    if (s->primitive) dnnl_primitive_destroy(s->primitive);
    if (s->description) dnnl_primitive_desc_destroy(s->description);
}

static inline layout_ref layout_of(const step *s, dnnl_query_t what) {
    return dnnl_primitive_desc_query_md(s->description, what, 0);
}

static inline size_t scratch_bytes(const step *s) {
    layout_ref l = s->description ? layout_of(s, dnnl_query_scratchpad_md) : NULL;
    return l ? dnnl_memory_desc_get_size(l) : 0;
}

/// The primitive that copies from one layout to another.
static inline dnnl_status_t make_copy(step *s, layout_ref from, layout_ref to, dnnl_primitive_attr_t attributes) {
    dnnl_engine_t engine = concord_dnn_engine();
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&s->description, from, engine, to, engine, attributes);
    return status ? status : dnnl_primitive_create(&s->primitive, s->description);
}

/// One argument of an execution: which, its layout, where.
typedef struct {
    int name;
    layout_ref as;
    void *at;
} argument;

int concord_dnn_execute(const step *s, const argument *arguments, int count, void *scratch);

#endif
