#include "CServerPage.h"

// Embedding a file is C23; the compiler offers it in every dialect and warns of that.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const char page[] = {
#embed "live.html" suffix(, )
  0};
#pragma clang diagnostic pop

const char *nnfmri_live_page_text(void) { return page; }
