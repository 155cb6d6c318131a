#ifndef CBRIDGES_PNG_H
#define CBRIDGES_PNG_H

#endif
