// Boost.Math behind a C face: the distributions and special functions that the statistics need.
#include "CSpecialFunctions.h"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/digamma.hpp>

namespace {
// Errors come back as NaN or infinity instead of C++ exceptions, which must not cross into Swift. Without promotion to long double a
// scan's many quantiles take a sixth of the time, and agree to 12 digits above 1e-300
// (measured once).
using namespace boost::math::policies;
using Quiet = policy<domain_error<ignore_error>, pole_error<ignore_error>, overflow_error<ignore_error>,
                     evaluation_error<ignore_error>, promote_double<false>>;
}  // namespace

double nnfmri_student_t_upper_tail(double t, double nu) {
  return cdf(complement(boost::math::students_t_distribution<double, Quiet>(nu), t));
}

double nnfmri_student_t_quantile(double p, double nu) {
  return quantile(boost::math::students_t_distribution<double, Quiet>(nu), p);
}

double nnfmri_normal_upper_tail(double z) {
  return cdf(complement(boost::math::normal_distribution<double, Quiet>(), z));
}

double nnfmri_normal_quantile(double p) {
  return quantile(boost::math::normal_distribution<double, Quiet>(), p);
}

double nnfmri_beta_cdf(double x, double a, double b) {
  return cdf(boost::math::beta_distribution<double, Quiet>(a, b), x);
}

double nnfmri_beta_quantile(double p, double a, double b) {
  return quantile(boost::math::beta_distribution<double, Quiet>(a, b), p);
}

double nnfmri_digamma(double x) { return boost::math::digamma(x, Quiet()); }
