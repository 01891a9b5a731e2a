#ifndef CBUILD_H
#define CBUILD_H

// The commit that the program was built from, as `Scripts/build` says it; empty where a build isn't told.
const char *nnfmri_commit(void);

#endif
