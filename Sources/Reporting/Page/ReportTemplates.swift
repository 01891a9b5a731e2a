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
    do {
      return MustacheLibrary(templates: [
        "page": try MustacheTemplate(string: String(cString: nnfmri_report_template_text())),
        "contrast": try MustacheTemplate(string: String(cString: nnfmri_contrast_template_text())),
        "reading": try MustacheTemplate(string: String(cString: nnfmri_reading_template_text())),
        "layer": try MustacheTemplate(string: String(cString: nnfmri_layer_template_text())),
        "figure": try MustacheTemplate(string: String(cString: nnfmri_figure_template_text())),
        "stream": try MustacheTemplate(string: String(cString: nnfmri_stream_template_text())),
        "connectome": try MustacheTemplate(string: String(cString: nnfmri_connectome_template_text())),
      ])
    } catch {
      preconditionFailure("a template of the program can't be parsed: \(error)")
    }
  }()
}
