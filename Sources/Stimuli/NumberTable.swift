import Arrays
import Files
internal import SwiftCSV

/// A table of numbers as text, separated by commas, semicolons or tabs: a stimulus a row, a number a column.
///
/// A first row that isn't all numbers is a header, unless half of it is numbers and nothing speaks for names; so are numbers that count
/// the columns, as pandas writes where they have no names.
/// A column of the header that is named `label` or `labels` holds classes; a first column without a name that counts the rows is left
/// out.
enum NumberTable {
  struct Contents {
    /// A row after the other. [stimuli x columns]
    let values: [Double]
    let columns: Int
    let labels: [Int]?
    /// The columns' names; `nil` without a header.
    let names: [String]?
    /// What was understood that a user might not have meant.
    let notes: [String]
  }

  /// - Throws: `badInput`, with the row and the column, if something isn't a number or rows differ in length.
  static func read(_ text: String, path: String) throws(StimuliError) -> Contents {
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

  /// What stands most often in the first line, but that commas of decimals don't count.
  private static func delimiter(of text: String) -> CSVDelimiter {
    let line = text.prefix { !$0.isNewline }
    for delimiter in [CSVDelimiter.semicolon, .tab] {
      for line in text.split(maxSplits: 2, whereSeparator: \.isNewline).prefix(2) where line.contains(delimiter.rawValue) {
        let fields = line.split(separator: delimiter.rawValue).map(String.init)
        if fields.contains(where: Reader.hasDecimalComma), fields.allSatisfy({ Reader.hasDecimalComma($0) || Double($0) != nil })
        {
          return delimiter
        }
      }
    }
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
    /// A first row that may be a header of numbers, as the second one tells.
    private var counting: [String]?
    /// A first row whose first field alone is no number.
    private var indexed: [String]?
    private var notes: [String] = []
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
        if fields.contains(where: { Self.number($0) == nil }) { return takeFirst(fields) }
        if fields.count > 1, fields.enumerated().allSatisfy({ Int(Self.trimmed($1)) == $0 }) {
          counting = fields
          return
        }
        return add(fields)
      }
      guard fields.count == width else {
        return fail("has \(fields.count) columns, and the first row \(width): fill the gaps")
      }
      takeIndexed(before: fields)
      takeCounting(before: fields)
      add(fields)
    }

    /// What stands where a number is missing.
    private static let gaps: Set<String> = ["", "na", "n/a", "#n/a", "null", "none", "nil", "missing", "?", "-"]

    /// Takes a first row that isn't all numbers for names or, where most of it is numbers, for a stimulus that isn't whole.
    private func takeFirst(_ fields: [String]) {
      let names = fields.map(Self.trimmed)
      let numbers = names.compactMap { Self.number($0) ?? (Self.hasDecimalComma($0) ? 0 : nil) }
      let others = names.indices.filter { Self.number(names[$0]) == nil && !Self.hasDecimalComma(names[$0]) }
      labelColumn = names.firstIndex { ["label", "labels"].contains($0.lowercased()) }
      let counts = numbers.enumerated().allSatisfy { Double($0) == $1 }
      if labelColumn == nil, numbers.count * 2 >= fields.count {
        // Names of columns may be numbers, as years or wavelengths behind the name of an index.
        let isIndexed = others == [0] && (names[0].isEmpty || !Self.gaps.contains(names[0].lowercased()))
        let increase = zip(numbers, numbers.dropFirst()).allSatisfy(<)
        if isIndexed, names[0].isEmpty, !counts {
          indexed = fields
          return
        }
        guard isIndexed, counts || numbers.count > 1 && increase else { return add(fields, isFirst: true) }
      }
      header = names
      if !numbers.isEmpty, !counts { noteHeader() }
    }

    private func noteHeader() {
      notes.append(
        "The first row of \(path) is taken for names, though some of it is numbers. Where it is a stimulus, make all of it numbers."
      )
    }

    /// Takes a first row whose first field alone is empty for the header of an index, where one begins behind it.
    private func takeIndexed(before second: [String]?) {
      guard let row = indexed else { return }
      indexed = nil
      guard let second, Self.trimmed(second[0]) == "0" else { return add(row, isFirst: true) }
      header = row.map(Self.trimmed)
      noteHeader()
    }

    /// Takes the first row for what it is: of whole numbers, 0 and 1 may be a stimulus.
    private func takeCounting(before second: [String]?) {
      guard let row = counting else { return }
      counting = nil
      guard let second, row.count > 2 || second.contains(where: { Int(Self.trimmed($0)) == nil }) else { return add(row) }
      header = row.map(Self.trimmed)
      notes.append(
        "The first row of \(path) counts the columns, 0 to \(row.count - 1), so it is taken for a header. Where it is a stimulus, put a row of names above it."
      )
    }

    /// - Parameter isFirst: whether it is the first row, in which names were expected as well.
    private func add(_ fields: [String], isFirst: Bool = false) {
      guard failure == nil else { return }
      stimuli += 1
      let row = isFirst ? 1 : rowCount
      for (column, field) in fields.enumerated() {
        if column == labelColumn {
          guard let label = Int(field) ?? Self.number(field).flatMap({ Int(exactly: $0) }) else {
            return fail("holds the label \"\(field)\": give class numbers, 0 for the model's first class")
          }
          labels.append(label)
        } else if let value = Self.number(field) {
          values.append(value)
        } else {
          let name = header.map { " (\($0[column]))" } ?? ""
          let place = "column \(column + 1)\(name)"
          if Self.hasDecimalComma(field) {
            return fail(
              "holds \"\(field)\" in \(place): write decimals with a point, as in \(field.replacing(",", with: "."))", row: row)
          }
          let remedy =
            isFirst
            ? "give a number there, or, where the row is a header, names that are no numbers"
            : Self.trimmed(field).isEmpty
              ? "give a number there, or take the row or the column out"
              : "take the column out, or, where it is the class, give numbers and name it \"label\""
          guard !Self.trimmed(field).isEmpty else { return fail("has nothing in \(place): \(remedy)", row: row) }
          return fail(
            "holds \"\(field)\" in \(place), and \(isFirst ? "numbers beside it" : "a table of stimuli holds numbers"): \(remedy)",
            row: row)
        }
      }
    }

    /// Why names don't tell columns apart; `nil` where they do.
    private static func doubt(on names: [String]) -> String? {
      if names.contains("") { return "leaves a column without a name" }
      var seen: Set<String> = []
      return names.first { !seen.insert($0).inserted }.map { "has two columns \"\($0)\"" }
    }

    private static func number(_ field: String) -> Double? { Double(field) ?? Double(trimmed(field)) }

    /// Whether a field would be a number with a point in place of its comma.
    static func hasDecimalComma(_ field: String) -> Bool {
      field.count { $0 == "," } == 1 && number(field) == nil && number(field.replacing(",", with: ".")) != nil
    }

    private static func trimmed(_ field: String) -> String {
      let start = field.drop(while: \.isWhitespace)
      return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }

    private func fail(_ problem: String, row: Int? = nil) {
      failure = StimuliError(.badInput, "\(path): row \(row ?? rowCount) \(problem)")
    }

    func finish() throws(StimuliError) -> Contents {
      takeIndexed(before: nil)
      takeCounting(before: nil)
      if let failure { throw failure }
      var columns = (width ?? 0) - (labelColumn == nil ? 0 : 1)
      var names = header
      if let labelColumn { names?.remove(at: labelColumn) }
      if header?[0] == "", columns > 1, (0..<stimuli).allSatisfy({ values[$0 * columns] == Double($0) }) {
        values = values.indices.filter { $0 % columns > 0 }.map { values[$0] }
        columns -= 1
        names?.removeFirst()
        notes.append(
          "The first column of \(path) has no name and counts the rows, so it is left out. Where it belongs to the stimuli, name it."
        )
      }
      if let names, let doubt = Self.doubt(on: names) {
        notes.append("The header of \(path) \(doubt), so regions of --layers input go by their numbers.")
      }
      names = names?.map { String($0.map { $0.isNewline || $0 == "\t" ? " " : $0 }) }
      guard stimuli > 0, columns > 0 else {
        throw StimuliError(.badInput, "\(path) holds no rows of numbers: give a stimulus a row")
      }
      return Contents(
        values: values, columns: columns, labels: labelColumn == nil ? nil : labels, names: names, notes: notes)
    }
  }
}
