#ifndef NNFMRI_CBLAS_SHIM_H
#define NNFMRI_CBLAS_SHIM_H

#include <cblas.h>

/* LAPACK as OpenBLAS exports it: Fortran calling convention, column-major. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
             const int *ldb, int *info);
void dtrtri_(const char *uplo, const char *diag, const int *n, double *a, const int *lda, int *info);

#endif
