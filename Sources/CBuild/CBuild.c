#include "CBuild.h"

#define NNFMRI_TEXT(text) #text
#define NNFMRI_EXPANDED(text) NNFMRI_TEXT(text)

const char *nnfmri_commit(void) { return NNFMRI_EXPANDED(NNFMRI_COMMIT); }
