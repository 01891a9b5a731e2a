#include <nifti/nifti1.h>
#include <zlib.h>
