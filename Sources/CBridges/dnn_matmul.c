#include "dnn_matmul.h"

#include <stdlib.h>

#include "dnn_parts.h"

struct concord_matmul {
    step main, pack;  // pack.primitive is null where b comes as it tag
    layout plain;
    layout_ref a, b, bias, c;  // the primitive descriptor's own
};

/// The layouts that a product's description is made from.
typedef struct {
    layout a, b, bias, c;
} factors;

static dnnl_status_t describe(
    dnnl_primitive_desc_t *description, const concord_matmul_form *form, const factors *f,
    dnnl_primitive_attr_t attributes) {
    layout_ref bias = form->has_bias ? ref(&f->bias) : NULL;
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_matmul_primitive_desc_create(
        description, concord_dnn_engine(), ref(&f->a), ref(&f->b), bias, ref(&f->c), attributes);
#else
    dnnl_matmul_desc_t product;
    dnnl_status_t status = dnnl_matmul_desc_init(&product, ref(&f->a), ref(&f->b), bias, ref(&f->c));
    return status ? status : dnnl_primitive_desc_create(description, &product, attributes, concord_dnn_engine(), NULL);
#endif
}

static dnnl_status_t make_factors(factors *f, layout *plain, const concord_matmul_form *form) {
    const dnnl_dims_t a = {form->m, form->k}, b = {form->k, form->n}, c = {form->m, form->n}, bias = {1, form->n};
    const dnnl_format_tag_t tag = form->transposes_b ? dnnl_ba : dnnl_ab;
    const dnnl_data_type_t type = form->is_bfloat16 ? dnnl_bf16 : dnnl_f32;
    dnnl_status_t status = make_layout(&f->a, 2, a, type, form->transposes_a ? dnnl_ba : dnnl_ab);
    if (!status) status = make_layout(&f->b, 2, b, type, form->packs_b ? dnnl_format_tag_any : tag);
    if (!status) status = make_layout(&f->c, 2, c, form->is_float32_output ? dnnl_f32 : type, dnnl_ab);
    if (!status) status = make_layout(&f->bias, 2, bias, dnnl_f32, dnnl_ab);
    if (!status) status = make_layout(plain, 2, b, dnnl_f32, tag);
    return status;
}

int concord_matmul_make(concord_matmul **made, const concord_matmul_form *form) {
    concord_matmul *p = calloc(1, sizeof *p);
    factors *f = calloc(1, sizeof *f);
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status =
        p && f && concord_dnn_engine() ? dnnl_primitive_attr_create(&attributes) : dnnl_out_of_memory;
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!status) status = make_factors(f, &p->plain, form);
    if (!status) status = describe(&p->main.description, form, f, attributes);
    if (!status) status = dnnl_primitive_create(&p->main.primitive, p->main.description);
    if (!status) {
        p->a = layout_of(&p->main, dnnl_query_src_md);
        p->b = layout_of(&p->main, dnnl_query_weights_md);
        p->bias = form->has_bias ? dnnl_primitive_desc_query_md(p->main.description, dnnl_query_weights_md, 1) : NULL;
        p->c = layout_of(&p->main, dnnl_query_dst_md);
        if (form->packs_b) status = make_copy(&p->pack, ref(&p->plain), p->b, attributes);
    }
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (f) {
        drop_layout(&f->a);
        drop_layout(&f->b);
        drop_layout(&f->bias);
        drop_layout(&f->c);
    }
    free(f);
    if (status) {
        concord_matmul_destroy(p);
        p = NULL;
    }
    *made = p;
    return status;
}

void concord_matmul_destroy(concord_matmul *p) {
    if (!p) return;
    drop_step(&p->main);
    drop_step(&p->pack);
    drop_layout(&p->plain);
    free(p);
}

size_t concord_matmul_scratch_bytes(const concord_matmul *p) {
    const size_t a = scratch_bytes(&p->main), b = scratch_bytes(&p->pack);
    return a > b ? a : b;
}

size_t concord_matmul_packed_bytes(const concord_matmul *p) { return dnnl_memory_desc_get_size(p->b); }

bool concord_matmul_packs_alike(const concord_matmul *first, const concord_matmul *second) {
    return dnnl_memory_desc_equal(first->b, second->b) != 0 &&
        dnnl_memory_desc_equal(ref(&first->plain), ref(&second->plain)) != 0;
}

const char *concord_matmul_kernels(const concord_matmul *p) {
    const char *name = NULL;
    dnnl_primitive_desc_query(p->main.description, dnnl_query_impl_info_str, 0, &name);
    return name ? name : "unknown";
}

int concord_matmul_pack(const concord_matmul *p, const float *plain, void *packed, void *scratch) {
    const argument arguments[] = {{DNNL_ARG_FROM, ref(&p->plain), (void *)plain}, {DNNL_ARG_TO, p->b, packed}};
    return concord_dnn_execute(&p->pack, arguments, 2, scratch);
}

int concord_matmul_run(
    const concord_matmul *p, const void *a, const void *b, const float *bias, void *c, void *scratch) {
    const argument arguments[] = {
        {DNNL_ARG_SRC, p->a, (void *)a},
        {DNNL_ARG_WEIGHTS, p->b, (void *)b},
        {DNNL_ARG_BIAS, p->bias, (void *)bias},
        {DNNL_ARG_DST, p->c, c},
    };
    return concord_dnn_execute(&p->main, arguments, 4, scratch);
}

extern dnnl_status_t dnnl_gemm_bf16bf16f32(
    char transa, char transb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k, float alpha, const uint16_t *a, dnnl_dim_t lda,
    const uint16_t *b, dnnl_dim_t ldb, float beta, float *c, dnnl_dim_t ldc) __attribute__((weak));

bool concord_has_bfloat16_gemm(void) { return dnnl_gemm_bf16bf16f32 != NULL; }

int concord_bfloat16_gemm(
    bool transposes_a, bool transposes_b, int64_t m, int64_t n, int64_t k, float alpha, const uint16_t *a, int64_t lda,
    const uint16_t *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    if (!concord_has_bfloat16_gemm()) return dnnl_unimplemented;
    return dnnl_gemm_bf16bf16f32(
        transposes_a ? 'T' : 'N', transposes_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
