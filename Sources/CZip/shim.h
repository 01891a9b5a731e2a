#include <unzip.h>
#include <zip.h>
#include <zlib.h>
