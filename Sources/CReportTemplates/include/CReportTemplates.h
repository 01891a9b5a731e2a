#ifndef CREPORT_TEMPLATES_H
#define CREPORT_TEMPLATES_H

// The texts that report.html is made of, part of the program, each ended by a zero byte.

const char *_Nonnull nnfmri_report_template_text(void);
const char *_Nonnull nnfmri_reading_template_text(void);
const char *_Nonnull nnfmri_layer_template_text(void);
const char *_Nonnull nnfmri_figure_template_text(void);
const char *_Nonnull nnfmri_connectome_template_text(void);
const char *_Nonnull nnfmri_stream_template_text(void);
const char *_Nonnull nnfmri_contrast_template_text(void);
const char *_Nonnull nnfmri_report_style_text(void);
const char *_Nonnull nnfmri_report_script_text(void);
const char *_Nonnull nnfmri_stimuli_script_text(void);

#endif
