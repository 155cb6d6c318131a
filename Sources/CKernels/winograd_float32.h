// The functions of one form of the method for one family of processors: included by winograd_float32.c, which defines
// TARGET, the attributes of its functions; NAME, their names; and COLUMNS, vectors of products in registers.

// MARK: Weights

// Blocks of 64 filters one after the other, `[36, channels, filters of the block]` each.
TARGET static void NAME(pack)(
    void *packed, const float *weights, size_t channels, size_t filters, bool is_turned, size_t first, size_t last) {
    const size_t of_filter = is_turned ? 1 : channels, of_channel = is_turned ? filters : 1;
    for (size_t k = first; k < last; k += LANES) {
        const size_t block = k / WIDTH, width = width_of(filters, block), step = channels * width;
        float *to = (float *)packed + block * WIDTH * POSITIONS * channels + (k - block * WIDTH);
        for (size_t c = 0; c < channels; c++, to += width) {
            const float *from = weights + 9 * (c * of_channel + k * of_filter);
            lanes g[9], s[18], u[POSITIONS];
            for (size_t n = 0; n < LANES; n++)
                for (int i = 0; i < 9; i++) g[is_turned ? 8 - i : i][n] = from[9 * n * of_filter + i];
            UNROLL for (int j = 0; j < 3; j++) transform_weights(s + j, 3, g + j, 3);
            UNROLL for (int i = 0; i < 6; i++) transform_weights(u + 6 * i, 1, s + 3 * i, 1);
            for (int i = 0; i < POSITIONS; i++) store(to + i * step, u + i, LANES);
        }
    }
}

TARGET static void NAME(unpack)(
    float *weights, const float *sums, size_t channels, size_t first, size_t last) {
    const size_t step = channels * WIDTH;
    for (size_t k = first; k < last; k += LANES)
        for (size_t c = 0; c < channels; c++) {
            const float *from = sums + c * WIDTH + k % WIDTH;
            lanes u[POSITIONS], s[18], g[9];
            for (int i = 0; i < POSITIONS; i++) load(u + i, from + i * step, LANES);
            UNROLL for (int j = 0; j < 6; j++) transform_gradient(s + j, 6, u + j, 6);
            UNROLL for (int i = 0; i < 3; i++) transform_gradient(g + 3 * i, 1, s + 6 * i, 1);
            for (size_t n = 0; n < LANES; n++)
                for (int i = 0; i < 9; i++) weights[9 * ((k + n) * channels + c) + i] = g[i][n];
        }
}

TARGET static void NAME(inputs)(
    void *to, size_t tiles, size_t at_tile, const void *input, concord_winograd s, size_t first, size_t last) {
    const size_t step = inputs_step(tiles, s.channels);
    float *tile = (float *)to + at_tile * s.channels;
    for (size_t t = first; t < last; t++, tile += s.channels) {
        const void *at[POSITIONS];
        find(at, input, s, s.channels, t, 6, 1, sizeof(float));
        for (size_t c = 0; c < s.channels; c += LANES) {
            lanes d[POSITIONS];
            UNROLL for (int j = 0; j < 6; j++) {
                UNROLL for (int i = 0; i < 6; i++) get_or_zero(d + 6 * i + j, at[6 * i + j], c);
                transform_input(d + j, d + j, 6);
            }
            UNROLL for (int i = 0; i < 6; i++) {
                transform_input(d + 6 * i, d + 6 * i, 1);
                UNROLL for (int j = 0; j < 6; j++) store(tile + (6 * i + j) * step + c, d + 6 * i + j, LANES);
            }
        }
    }
}

TARGET static void NAME(upstream)(
    void *to, size_t tiles, size_t at_tile, const void *gradient, concord_winograd s, size_t first, size_t last) {
    const size_t step = inputs_step(tiles, s.filters);
    float *tile = (float *)to + at_tile * s.filters;
    for (size_t t = first; t < last; t++, tile += s.filters) {
        const void *at[SIDE * SIDE];
        find(at, gradient, s, s.filters, t, SIDE, 0, sizeof(float));
        for (size_t k = 0; k < s.filters; k += LANES) {
            lanes y[16], d[24];
            UNROLL for (int j = 0; j < 4; j++) {
                UNROLL for (int i = 0; i < 4; i++) get_or_zero(y + 4 * i + j, at[4 * i + j], k);
                transform_upstream(d + j, 4, y + j, 4);
            }
            UNROLL for (int i = 0; i < 6; i++) {
                lanes row[6];
                transform_upstream(row, 1, d + 4 * i, 1);
                UNROLL for (int j = 0; j < 6; j++) store(tile + (6 * i + j) * step + k, row + j, LANES);
            }
        }
    }
}

/// The outputs of some tiles for one block of filters from their products.
TARGET static void NAME(write_tiles)(
    float *output, const float *products, size_t tiles, const float *bias, concord_winograd s, size_t first,
    size_t last, size_t block, bool streams) {
    const size_t step = products_step(tiles), width = width_of(s.filters, block);
    for (size_t t = first; t < last; t++, products += WIDTH) {
        const place p = place_of(s, t);
        float *to = output + ((p.sample * s.height + p.row) * s.width + p.column) * s.filters + block * WIDTH;
        const size_t rows = minimum(SIDE, s.height - p.row), columns = minimum(SIDE, s.width - p.column);
        for (size_t k = 0; k < width; k += LANES) {
            lanes m[6], half[6 * SIDE], b = {0};
            if (bias) load(&b, bias + block * WIDTH + k, LANES);
            UNROLL for (int j = 0; j < 6; j++) {
                UNROLL for (int i = 0; i < 6; i++) load(m + i, products + (6 * i + j) * step + k, LANES);
                transform_product(half + j, 6, m, 1);
            }
            for (size_t i = 0; i < rows; i++) {
                lanes y[SIDE];
                transform_product(y, 1, half + 6 * i, 1);
                for (size_t j = 0; j < columns; j++) {
                    const lanes sum = y[j] + b;
                    float *pixel = to + (i * s.width + j) * s.filters + k;
                    if (streams) stream(pixel, &sum);
                    else store(pixel, &sum, LANES);
                }
            }
        }
    }
}

// MARK: Products

/// With 32 registers of 16 numbers: six rows of 64 columns; with 16 of 8: six of 16.
TARGET static void NAME(multiply)(product p, bool adds) {
#if COLUMNS == 4
    switch (p.width / LANES) {
    case 1: multiply_columns(p, 0, 1, adds); break;
    case 2: multiply_columns(p, 0, 2, adds); break;
    case 3: multiply_columns(p, 0, 3, adds); break;
    default: multiply_columns(p, 0, 4, adds);
    }
#else
    for (size_t column = 0; column < p.width; column += LANES) multiply_columns(p, column, 1, adds);
#endif
}

// MARK: Convolution

TARGET static void NAME(convolve)(
    void *output, const void *input, const void *packed, const float *bias, concord_winograd s, size_t first,
    size_t last, bool streams, void *scratch) {
    const size_t tiles = block_of(s.channels), step = inputs_step(tiles, s.channels);
    float *transformed = scratch, *products = transformed + POSITIONS * step;
    NAME(inputs)(transformed, tiles, 0, input, s, first, last);
    for (size_t block = 0; block < blocks_of(s.filters); block++) {
        const size_t width = width_of(s.filters, block);
        const float *weights = (const float *)packed + block * WIDTH * POSITIONS * s.channels;
        for (size_t i = 0; i < POSITIONS; i++)
            for (size_t c = 0; c < s.channels; c += CHANNELS)
                NAME(multiply)(
                    (product){
                        .to = products + i * products_step(tiles), .a = transformed + i * step + c,
                        .b = weights + (i * s.channels + c) * width, .rows = room(last - first), .width = width,
                        .depth = minimum(CHANNELS, s.channels - c), .of_row = s.channels, .of_depth = 1,
                        .of_b = width},
                    c > 0);
        NAME(write_tiles)(output, products, tiles, bias, s, first, last, block, streams);
    }
    if (streams) settle();
}

// MARK: Gradient of the weights

TARGET static void NAME(accumulate)(
    float *sums, const void *inputs, const void *upstream, size_t tiles, concord_winograd s, size_t position,
    size_t block) {
    const float *a = (const float *)inputs + position * inputs_step(tiles, s.channels),
                *b = (const float *)upstream + position * inputs_step(tiles, s.filters) + block * WIDTH;
    for (size_t first = 0; first < tiles; first += DEPTH)
        NAME(multiply)(
            (product){
                .to = sums + position * s.channels * WIDTH,
                .a = a + first * s.channels, .b = b + first * s.filters, .rows = s.channels,
                .width = width_of(s.filters, block), .depth = minimum(DEPTH, tiles - first), .of_row = 1,
                .of_depth = s.channels, .of_b = s.filters},
            true);
}

static const concord_winograd_kernels NAME(kernels) = {
    .side = SIDE, .positions = POSITIONS, .tile_bytes = POSITIONS * sizeof(float), .packed_bytes = packed_bytes,
    .pack = NAME(pack), .block = block_of, .scratch_bytes = scratch_bytes, .convolve = NAME(convolve),
    .tiles_bytes = tiles_bytes, .inputs = NAME(inputs), .upstream = NAME(upstream), .accumulate = NAME(accumulate),
    .unpack = NAME(unpack)};
