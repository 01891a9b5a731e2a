#ifndef NNFMRI_SPECIAL_FUNCTIONS_H
#define NNFMRI_SPECIAL_FUNCTIONS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Student's t: P(T > t) and the quantile at probability p, for degrees of freedom nu > 0 (infinity: the normal). */
double nnfmri_student_t_upper_tail(double t, double nu);
double nnfmri_student_t_quantile(double p, double nu);
/* The standard normal: P(Z > z) and its quantile. */
double nnfmri_normal_upper_tail(double z);
double nnfmri_normal_quantile(double p);
/* The beta distribution with shapes a, b > 0: P(X <= x) for 0 <= x <= 1, and the quantile at probability p. */
double nnfmri_beta_cdf(double x, double a, double b);
double nnfmri_beta_quantile(double p, double a, double b);
/* The digamma function, x > 0. */
double nnfmri_digamma(double x);

#ifdef __cplusplus
}
#endif

#endif
