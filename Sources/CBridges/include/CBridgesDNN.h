#ifndef CBRIDGES_DNN_H
#define CBRIDGES_DNN_H

#endif
