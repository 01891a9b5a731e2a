/// A table of a Markdown page.
package struct MarkdownTable: CustomStringConvertible {
  private var lines: [String]

  package init(_ columns: [String]) {
    lines = [MarkdownTable.line(columns), MarkdownTable.line(columns.map { _ in "---" })]
  }

  package mutating func append(_ cells: [String]) { lines.append(MarkdownTable.line(cells)) }

  package var description: String { lines.joined(separator: "\n") }

  private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}
