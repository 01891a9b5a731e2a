// KISS FFT's template behind a C face: Debian's compiled library is in single precision, the template takes double.
#include "CFourier.h"

#include <kissfft/kissfft.hh>

#include <complex>
#include <new>
#include <vector>

struct nnfmri_fourier {
  explicit nnfmri_fourier(size_t length) : transform(length, false), input(length), output(length) {}
  kissfft<double> transform;
  std::vector<std::complex<double>> input;
  std::vector<std::complex<double>> output;
};

nnfmri_fourier *nnfmri_fourier_create(size_t length) {
  try {
    return new nnfmri_fourier(length);
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

void nnfmri_fourier_destroy(nnfmri_fourier *plan) { delete plan; }

void nnfmri_fourier_forward(nnfmri_fourier *plan, const double *samples, double *spectrum) {
  const size_t length = plan->input.size();
  for (size_t t = 0; t < length; ++t) plan->input[t] = samples[t];
  plan->transform.transform(plan->input.data(), plan->output.data());
  for (size_t k = 0; k <= length / 2; ++k) {
    spectrum[2 * k] = plan->output[k].real();
    spectrum[2 * k + 1] = plan->output[k].imag();
  }
}
