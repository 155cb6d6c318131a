#ifndef CBRIDGES_JPEG_H
#define CBRIDGES_JPEG_H

#endif
