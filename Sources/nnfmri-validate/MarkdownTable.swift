/// A table of a Markdown page.
struct MarkdownTable: CustomStringConvertible {
  private var lines: [String]

  init(_ columns: [String]) {
    lines = [MarkdownTable.line(columns), MarkdownTable.line(columns.map { _ in "---" })]
  }

  mutating func append(_ cells: [String]) { lines.append(MarkdownTable.line(cells)) }

  var description: String { lines.joined(separator: "\n") }

  private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}
