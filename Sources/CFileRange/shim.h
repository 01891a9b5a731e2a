// glibc has this for GNU sources only, which Swift's Glibc isn't built as. Linux, sync_file_range(2).
#include <sys/types.h>

extern int sync_file_range(int descriptor, off_t offset, off_t count, unsigned int flags);

// SYNC_FILE_RANGE_WRITE
static const unsigned int nnfmri_begin_writing = 2;
