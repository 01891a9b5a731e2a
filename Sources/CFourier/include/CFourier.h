#ifndef NNFMRI_FOURIER_H
#define NNFMRI_FOURIER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A discrete Fourier transform of a fixed length, in double precision. */
typedef struct nnfmri_fourier nnfmri_fourier;

/* A plan for real signals of `length` > 0 samples; NULL without memory. */
nnfmri_fourier *nnfmri_fourier_create(size_t length);
void nnfmri_fourier_destroy(nnfmri_fourier *plan);

/* X_k = sum over t of samples[t] exp(-2 pi i k t / length), for k = 0 .. length/2, unscaled.
   samples: [length]; spectrum: [length/2 + 1] pairs of real and imaginary part. */
void nnfmri_fourier_forward(nnfmri_fourier *plan, const double *samples, double *spectrum);

#ifdef __cplusplus
}
#endif

#endif
