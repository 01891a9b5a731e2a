/* EDFlib, which writes files of biosignals. */
#include <edflib.h>
