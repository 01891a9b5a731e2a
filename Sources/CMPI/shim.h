#ifndef NNFMRI_CMPI_SHIM_H
#define NNFMRI_CMPI_SHIM_H

#include <mpi.h>

/* MPICH spells its handles as casts inside macros, which Swift cannot import. */
static inline MPI_Comm nnfmri_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype nnfmri_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype nnfmri_int64(void) { return MPI_INT64_T; }
static inline MPI_Errhandler nnfmri_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline MPI_Info nnfmri_info_null(void) { return MPI_INFO_NULL; }
static inline int nnfmri_comm_type_shared(void) { return MPI_COMM_TYPE_SHARED; }
static inline int nnfmri_any_source(void) { return MPI_ANY_SOURCE; }
static inline int nnfmri_any_tag(void) { return MPI_ANY_TAG; }

#endif
