internal import CReportTemplates
internal import Mustache

/// The texts of `report.html`, which are part of the program.
enum ReportTemplates {
  static var style: String { String(cString: nnfmri_report_style_text()) }
  static var script: String {
    String(cString: nnfmri_report_script_text()) + String(cString: nnfmri_stimuli_script_text())
  }

  /// The page of a context. Values are escaped, unless the template has them in three braces.
  ///
  /// - Parameter template: `page`, which ends before the sections of layers, `layer`, `reading`, what follows them, or `contrast`.
  static func render(_ context: [String: Any], template: String = "page") -> String {
    library.render(context, withTemplate: template)!
  }

  private static let library: MustacheLibrary = {
    MustacheContentTypes.register(PageText(), named: "PAGE")
    let texts = [
      "page": nnfmri_report_template_text(), "contrast": nnfmri_contrast_template_text(),
      "reading": nnfmri_reading_template_text(),
      "layer": nnfmri_layer_template_text(), "figure": nnfmri_figure_template_text(), "stream": nnfmri_stream_template_text(),
      "connectome": nnfmri_connectome_template_text(),
    ]
    do {
      return MustacheLibrary(
        templates: try texts.mapValues { try MustacheTemplate(string: "{{% CONTENT_TYPE: PAGE}}" + String(cString: $0)) })
    } catch {
      preconditionFailure("a template of the program can't be parsed: \(error)")
    }
  }()
}
