#include "CReportTemplates.h"

// Embedding a file is C23; the compiler offers it in every dialect and warns of that.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const char page[] = {
#embed "report.mustache" suffix(, )
  0};
static const char reading[] = {
#embed "reading.mustache" suffix(, )
  0};
static const char layer[] = {
#embed "layer.mustache" suffix(, )
  0};
static const char figure[] = {
#embed "figure.mustache" suffix(, )
  0};
static const char connectome[] = {
#embed "connectome.mustache" suffix(, )
  0};
static const char stream[] = {
#embed "stream.mustache" suffix(, )
  0};
static const char contrast[] = {
#embed "contrast.mustache" suffix(, )
  0};
static const char style[] = {
#embed "report.css" suffix(, )
  0};
static const char script[] = {
#embed "report.js" suffix(, )
  0};
static const char stimuli[] = {
#embed "stimuli.js" suffix(, )
  0};
#pragma clang diagnostic pop

const char *nnfmri_report_template_text(void) { return page; }
const char *nnfmri_reading_template_text(void) { return reading; }
const char *nnfmri_layer_template_text(void) { return layer; }
const char *nnfmri_figure_template_text(void) { return figure; }
const char *nnfmri_connectome_template_text(void) { return connectome; }
const char *nnfmri_stream_template_text(void) { return stream; }
const char *nnfmri_contrast_template_text(void) { return contrast; }
const char *nnfmri_report_style_text(void) { return style; }
const char *nnfmri_report_script_text(void) { return script; }
const char *nnfmri_stimuli_script_text(void) { return stimuli; }
