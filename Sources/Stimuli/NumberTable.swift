import Arrays
import Files
internal import SwiftCSV

/// A table of numbers as text, separated by commas, semicolons or tabs: a stimulus a row, a number a column.
///
/// A first row that isn't all numbers is a header. A column of the header that is named `label` or `labels` holds classes.
enum NumberTable {
  /// - Throws: `badInput`, with the row and the column, if something isn't a number or rows differ in length.
  static func read(
    _ text: String, path: String
  ) throws(StimuliError) -> (array: NumericArray, labels: [Int]?) {
    let reader = Reader(path: path)
    do {
      // The rows are read as the library comes to them: its own table of them is left empty.
      let table = try CSV<Enumerated>(string: text, delimiter: delimiter(of: text), loadColumns: false, rowLimit: 0)
      try table.enumerateAsArray(startAt: 0, rowLimit: nil) { reader.take($0) }
    } catch {
      throw StimuliError(
        .badInput, "\(path): row \(reader.rowCount + 1) is no row of a CSV table (\(error)): quote text as in \"a, b\"")
    }
    return try reader.finish()
  }

  /// What stands most often in the first line.
  private static func delimiter(of text: String) -> CSVDelimiter {
    let line = text.prefix { !$0.isNewline }
    let counts = [CSVDelimiter.comma, .semicolon, .tab].map { delimiter in
      (delimiter, line.count { $0 == delimiter.rawValue })
    }
    var best = counts[0]
    for entry in counts where entry.1 > best.1 { best = entry }
    return best.0
  }

  private final class Reader {
    let path: String
    var rowCount = 0
    private var width: Int?
    private var header: [String]?
    private var labelColumn: Int?
    private var values: [Double] = []
    private var labels: [Int] = []
    private var stimuli = 0
    private var failure: StimuliError?

    init(path: String) { self.path = path }

    func take(_ fields: [String]) {
      rowCount += 1
      guard failure == nil, !(fields.count == 1 && fields[0].isEmpty) else { return }
      guard let width else {
        width = fields.count
        if fields.contains(where: { Self.number($0) == nil }) {
          let names = fields.map(Self.trimmed)
          header = names
          labelColumn = names.firstIndex { ["label", "labels"].contains($0.lowercased()) }
          return
        }
        return add(fields)
      }
      guard fields.count == width else {
        return fail("has \(fields.count) columns, and the first row \(width): fill the gaps")
      }
      add(fields)
    }

    private func add(_ fields: [String]) {
      stimuli += 1
      for (column, field) in fields.enumerated() {
        if column == labelColumn {
          guard let label = Int(field) ?? Self.number(field).flatMap({ Int(exactly: $0) }) else {
            return fail("holds the label \"\(field)\": give class numbers")
          }
          labels.append(label)
        } else if let value = Self.number(field) {
          values.append(value)
        } else {
          let name = header.map { " (\($0[column]))" } ?? ""
          guard !Self.trimmed(field).isEmpty else {
            return fail("has nothing in column \(column + 1)\(name): give a number there, or take the row or the column out")
          }
          return fail(
            "holds \"\(field)\" in column \(column + 1)\(name), and a table of stimuli holds numbers: take the column out, or name it \"label\""
          )
        }
      }
    }

    private static func number(_ field: String) -> Double? { Double(field) ?? Double(trimmed(field)) }

    private static func trimmed(_ field: String) -> String {
      let start = field.drop(while: \.isWhitespace)
      return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }

    private func fail(_ problem: String) {
      failure = StimuliError(.badInput, "\(path): row \(rowCount) \(problem)")
    }

    func finish() throws(StimuliError) -> (array: NumericArray, labels: [Int]?) {
      if let failure { throw failure }
      let columns = (width ?? 0) - (labelColumn == nil ? 0 : 1)
      guard stimuli > 0, columns > 0 else {
        throw StimuliError(.badInput, "\(path) holds no rows of numbers: give a stimulus a row")
      }
      return (NumericArray(shape: [stimuli, columns], doubles: values), labelColumn == nil ? nil : labels)
    }
  }
}
