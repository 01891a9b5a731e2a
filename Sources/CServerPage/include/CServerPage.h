#ifndef CSERVER_PAGE_H
#define CSERVER_PAGE_H

// The live page of the monitor's server, part of the program, ended by a zero byte.
const char *_Nonnull nnfmri_live_page_text(void);

#endif
