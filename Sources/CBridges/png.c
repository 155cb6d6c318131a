#include "png_bridge.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct concord_png {
    png_structp png;
    png_infop info;
    const uint8_t *next, *end;
    int height, passes;
    char message[200];
    jmp_buf escape;
};

static void on_error(png_structp png, png_const_charp message) {
    concord_png *self = png_get_error_ptr(png);
    snprintf(self->message, sizeof self->message, "%s", message);
    longjmp(self->escape, 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void on_read(png_structp png, png_bytep to, size_t count) {
    concord_png *self = png_get_io_ptr(png);
    if ((size_t)(self->end - self->next) < count) png_error(png, "the file ends too early");
    memcpy(to, self->next, count);
    self->next += count;
}

concord_png *concord_png_open(const uint8_t *data, size_t size) {
    concord_png *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->next = data;
    self->end = data + size;
    if (setjmp(self->escape)) return self;
    self->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, self, on_error, on_warning);
    if (self->png) self->info = png_create_info_struct(self->png);
    if (!self->info) {
        snprintf(self->message, sizeof self->message, "libpng could not start");
        return self;
    }
    png_set_read_fn(self->png, self, on_read);
    return self;
}

bool concord_png_read_header(concord_png *self, concord_png_header *header) {
    // A failed open left its message.
    if (self->message[0] || setjmp(self->escape)) return false;
    memset(header, 0, sizeof *header);
    png_read_info(self->png, self->info);
    png_set_expand(self->png);
    png_set_scale_16(self->png);
    png_set_gray_to_rgb(self->png);
    self->passes = png_set_interlace_handling(self->png);
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 count = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(self->png, self->info, &count, &exif)) {
        header->exif = exif;
        header->exif_size = count;
    }
#endif
    png_read_update_info(self->png, self->info);
    self->height = (int)png_get_image_height(self->png, self->info);
    header->width = (int)png_get_image_width(self->png, self->info);
    header->height = self->height;
    header->channels = png_get_channels(self->png, self->info);
    return true;
}

bool concord_png_read(concord_png *self, uint8_t *out, size_t stride) {
    if (setjmp(self->escape)) return false;
    for (int pass = 0; pass < self->passes; pass++)
        for (int y = 0; y < self->height; y++) png_read_row(self->png, out + stride * (size_t)y, NULL);
    png_read_end(self->png, NULL);
    return true;
}

const char *concord_png_message(const concord_png *self) { return self->message; }

void concord_png_close(concord_png *self) {
    if (!self) return;
    if (self->png) png_destroy_read_struct(&self->png, &self->info, NULL);
    free(self);
}
