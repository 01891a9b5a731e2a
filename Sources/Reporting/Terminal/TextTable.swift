/// Rows of text in columns: numbers and their like to the right, words to the left.
package struct TextTable: Sendable {
  private var rows: [[String]]

  package init(_ header: [String]) {
    rows = [header]
  }

  /// Adds a row. - Parameter row: as many fields as the header has.
  package mutating func append(_ row: [String]) {
    precondition(row.count == rows[0].count, "a row of \(row.count) fields in a table of \(rows[0].count)")
    rows.append(row)
  }

  /// The table, one line a row, without a line break at its end.
  package var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    // A column whose entries all begin with a digit or a sign is one of numbers.
    let isNumeric = rows[0].indices.map { column in
      rows.dropFirst().allSatisfy { row in row[column].first.map { $0.isNumber || "+-−[".contains($0) } ?? true }
    }
    return rows.map { row in
      var line = ""
      for (column, field) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - field.count)
        line += (column == 0 ? "" : "  ") + (isNumeric[column] ? padding + field : field + padding)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
