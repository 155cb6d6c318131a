#include "jpeg_bridge.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct concord_jpeg {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    int scan_limit;
    size_t size;
    char message[JMSG_LENGTH_MAX];
    jmp_buf escape;
};

static void on_error(j_common_ptr info) {
    concord_jpeg *self = info->client_data;
    info->err->format_message(info, self->message);
    longjmp(self->escape, 1);
}

static void on_message(j_common_ptr info, int level) {
    if (level < 0) on_error(info);
}

static void on_progress(j_common_ptr info) {
    concord_jpeg *self = info->client_data;
    if (self->info.input_scan_number <= self->scan_limit) return;
    snprintf(self->message, sizeof self->message, "more than %d scans", self->scan_limit);
    longjmp(self->escape, 1);
}

concord_jpeg *concord_jpeg_open(const uint8_t *data, size_t size, int scan_limit) {
    concord_jpeg *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->scan_limit = scan_limit;
    self->size = size;
    self->info.err = jpeg_std_error(&self->errors);
    self->info.client_data = self;
    self->errors.error_exit = on_error;
    self->errors.emit_message = on_message;
    self->progress.progress_monitor = on_progress;
    if (setjmp(self->escape)) return self;
    jpeg_create_decompress(&self->info);
    self->info.progress = &self->progress;
    jpeg_mem_src(&self->info, (unsigned char *)data, size);
    return self;
}

bool concord_jpeg_read_header(concord_jpeg *self, concord_jpeg_header *header) {
    // A failed open left its message.
    if (self->message[0] || setjmp(self->escape)) return false;
    jpeg_save_markers(&self->info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&self->info, TRUE);
    memset(header, 0, sizeof *header);
    header->width = (int)self->info.image_width;
    header->height = (int)self->info.image_height;
    header->components = self->info.num_components;
    header->is_inverted = self->info.saw_Adobe_marker;
    header->has_several_scans = jpeg_has_multiple_scans(&self->info);
    header->data_offset = self->size - self->info.src->bytes_in_buffer;
    for (jpeg_saved_marker_ptr m = self->info.marker_list; m; m = m->next) {
        if (m->data_length < 6 || memcmp(m->data, "Exif\0\0", 6) != 0) continue;
        header->exif = m->data + 6;
        header->exif_size = m->data_length - 6;
        break;
    }
    return true;
}

bool concord_jpeg_start(concord_jpeg *self, int denominator, int *width, int *height) {
    if (setjmp(self->escape)) return false;
    self->info.scale_num = 1;
    self->info.scale_denom = (unsigned)denominator;
    self->info.out_color_space = self->info.num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&self->info);
    *width = (int)self->info.output_width;
    *height = (int)self->info.output_height;
    return true;
}

bool concord_jpeg_narrow(concord_jpeg *self, int *x, int *width, int rows) {
    if (setjmp(self->escape)) return false;
#if defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2000000
    JDIMENSION offset = (JDIMENSION)*x, count = (JDIMENSION)*width;
    jpeg_crop_scanline(&self->info, &offset, &count);
    *x = (int)offset;
    *width = (int)count;
    if (rows > 0) jpeg_skip_scanlines(&self->info, (JDIMENSION)rows);
#else
    *x = 0;
    *width = (int)self->info.output_width;
    JSAMPARRAY row = self->info.mem->alloc_sarray(
        (j_common_ptr)&self->info, JPOOL_IMAGE, self->info.output_width * self->info.output_components, 1);
    for (int y = 0; y < rows; y++) jpeg_read_scanlines(&self->info, row, 1);
#endif
    return true;
}

bool concord_jpeg_read(concord_jpeg *self, uint8_t *out, size_t stride, int rows) {
    if (setjmp(self->escape)) return false;
    JDIMENSION first = self->info.output_scanline;
    while (self->info.output_scanline - first < (JDIMENSION)rows) {
        JDIMENSION done = self->info.output_scanline - first, left = (JDIMENSION)rows - done;
        JSAMPROW lines[4];
        for (JDIMENSION i = 0; i < 4; i++) lines[i] = out + stride * (done + (i < left ? i : left - 1));
        jpeg_read_scanlines(&self->info, lines, left < 4 ? left : 4);
    }
    return true;
}

bool concord_jpeg_finish(concord_jpeg *self) {
    if (setjmp(self->escape)) return false;
    jpeg_finish_decompress(&self->info);
    return true;
}

const char *concord_jpeg_message(const concord_jpeg *self) { return self->message; }

void concord_jpeg_close(concord_jpeg *self) {
    if (!self) return;
    if (!setjmp(self->escape)) jpeg_destroy_decompress(&self->info);
    free(self);
}

struct writer {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    char *message;
    unsigned char *out;
    unsigned long size;
    jmp_buf escape;
};

static void on_write_error(j_common_ptr info) {
    struct writer *self = info->client_data;
    char message[JMSG_LENGTH_MAX];
    info->err->format_message(info, message);
    snprintf(self->message, 200, "%s", message);
    longjmp(self->escape, 1);
}

static void on_write_message(j_common_ptr info, int level) { (void)info, (void)level; }

bool concord_jpeg_write(
    const uint8_t *pixels, int width, int height, int quality, uint8_t **out, size_t *size, char *message) {
    struct writer self;
    memset(&self, 0, sizeof self);
    self.message = message;
    self.info.err = jpeg_std_error(&self.errors);
    self.info.client_data = &self;
    self.errors.error_exit = on_write_error;
    self.errors.emit_message = on_write_message;
    if (setjmp(self.escape)) {
        jpeg_destroy_compress(&self.info);
        // Once rows were written, libjpeg may have exchanged its buffer for a larger one without telling.
        if (self.info.next_scanline == 0) free(self.out);
        return false;
    }
    jpeg_create_compress(&self.info);
    jpeg_mem_dest(&self.info, &self.out, &self.size);
    self.info.image_width = (JDIMENSION)width;
    self.info.image_height = (JDIMENSION)height;
    self.info.input_components = 3;
    self.info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&self.info);
    jpeg_set_quality(&self.info, quality, TRUE);
    self.info.optimize_coding = TRUE;
    jpeg_start_compress(&self.info, TRUE);
    while (self.info.next_scanline < self.info.image_height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)self.info.next_scanline * (size_t)width * 3);
        jpeg_write_scanlines(&self.info, &row, 1);
    }
    jpeg_finish_compress(&self.info);
    jpeg_destroy_compress(&self.info);
    *out = self.out;
    *size = self.size;
    return true;
}
