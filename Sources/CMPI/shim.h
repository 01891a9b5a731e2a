#ifndef NNFMRI_CMPI_SHIM_H
#define NNFMRI_CMPI_SHIM_H

#include <mpi.h>

/* MPICH spells its handles as casts inside macros, which Swift cannot import. */
static inline MPI_Comm nnfmri_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm nnfmri_comm_null(void) { return MPI_COMM_NULL; }
static inline MPI_Datatype nnfmri_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype nnfmri_int32(void) { return MPI_INT32_T; }
static inline MPI_Datatype nnfmri_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype nnfmri_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype nnfmri_double(void) { return MPI_DOUBLE; }
static inline MPI_Op nnfmri_min(void) { return MPI_MIN; }
static inline MPI_Op nnfmri_max(void) { return MPI_MAX; }
static inline MPI_Op nnfmri_sum(void) { return MPI_SUM; }
static inline MPI_Errhandler nnfmri_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline MPI_Request nnfmri_request_null(void) { return MPI_REQUEST_NULL; }
static inline int nnfmri_any_source(void) { return MPI_ANY_SOURCE; }
static inline int nnfmri_any_tag(void) { return MPI_ANY_TAG; }

#endif
