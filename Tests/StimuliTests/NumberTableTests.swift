import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("A table of numbers")
struct NumberTableTests {
  let folder = TemporaryFolder()

  @Test(
    "gives a stimulus a row, with or without a header, labels, quotes and blank lines",
    arguments: [
      ("1,2.5\n3,-4e1\n", nil), ("a,b\n1,2.5\n3,-4e1", nil), ("\u{FEFF}a;b\r\n1;2.5\r\n3;-4e1\r\n", nil),
      ("a\tlabel\tb\n1\t7\t2.5\n3\t8\t-4e1\n", [7, 8]), ("\"a, first\",\"b\"\n\"1\", 2.5 \n\n3,-4e1\n", nil),
      ("Label,a,b\n7.0,1,2.5\n8,3,-4e1\n", [7, 8]),
    ] as [(String, [Int]?)])
  func reading(text: String, labels: [Int]?) throws {
    let set = try StimulusSet(contentsOf: folder.file("t.csv", text: text))
    #expect(set.count == 2)
    #expect(try set.floats(stimulus: 0) == [1, 2.5])
    #expect(try set.floats(stimulus: 1) == [3, -40])
    #expect(set.labels == labels)
  }

  @Test(
    "as pandas writes it has a header that counts columns and a column that counts rows, and a note tells",
    arguments: [
      ("0,1,2\n1,2.5,3\n3,-4e1,5\n", ["counts the columns, 0 to 2"]), (",a,b,c\n0,1,2.5,3\n1,3,-4e1,5\n", ["counts the rows"]),
      (",0,1,2,label\n0,1,2.5,3,7\n1,3,-4e1,5,8\n", ["counts the rows"]), ("0,1,2\n1,2,3\n", ["counts the columns"]),
      ("0,1\n1.0,2.5\n", ["counts the columns, 0 to 1"]),
      // No such table: truth values, one row, rows that aren't counted, a name.
      ("0,1\n1,0\n", []), ("0,1,2\n", []), (",a,b\n1,1,2.5\n2,3,4\n", ["leaves a column without a name"]),
      ("i,a,b\n0,1,2.5\n1,3,4\n", []),
      ("0,1,3\n1,2,2.5\n", []),
    ] as [(String, [String])])
  func pandas(text: String, notes: [String]) throws {
    let set = try StimulusSet(contentsOf: folder.file("t.csv", text: text))
    #expect(set.notes.count == notes.count)
    for (note, words) in zip(set.notes, notes) { #expect(note.contains(words)) }
    let rows = text.split(separator: "\n")
    let columns = rows[0].split(separator: ",", omittingEmptySubsequences: false).count
    let hasHeader = notes.first?.contains("columns") == true || Double(rows[0].split(separator: ",").last!) == nil
    #expect(set.count == rows.count - (hasHeader ? 1 : 0))
    let leftOut = (notes.first?.contains("rows") == true ? 1 : 0) + (text.contains("label") ? 1 : 0)
    #expect(set.inputs[0].shape == [columns - leftOut])
    if notes.first?.contains("rows") == true {
      #expect(try set.floats(stimulus: 0) == [1, 2.5, 3])
      #expect(try set.floats(stimulus: 1) == [3, -40, 5])
    }
  }

  @Test(
    "whose first row is numbers, but for a field or two, has a stimulus there that isn't whole",
    arguments: [
      ("1,NA\n2,3\n4,5\n", "row 1 holds \"NA\" in column 2"), ("1,cat,3\n2,3,4\n", "row 1 holds \"cat\" in column 2"),
      ("1,,3\n2,3,4\n", "row 1 has nothing in column 2"), ("NA,1,2\n1,2,3\n", "row 1 holds \"NA\" in column 1"),
      ("0,NA\n1,2\n", "row 1 holds \"NA\" in column 2"), (",5,2\n1,2,3\n", "row 1 has nothing in column 1"),
      (",5,2\n", "row 1 has nothing in column 1"), ("x,5,2\n1,2,3\n", "row 1 holds \"x\" in column 1"),
    ])
  func halfNumbers(text: String, expected: String) throws {
    let path = folder.file("t.csv", text: text)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
  }

  @Test(
    "has names where some are numbers, and a note tells unless they count columns",
    arguments: [
      ("id,0,1,2\n5,1,2,3\n", 1, 4, 0), (",350.5,351\n0,2.5,3\n1,3,4\n", 2, 2, 2), ("time,350,351,352\n5,1,2,3\n", 1, 4, 1),
      ("a,b,c,5\n1,2,3,4\n", 1, 4, 1), ("label,1980,1990\n1,2,3\n", 1, 2, 1), ("nan,1\n2,3\n", 2, 2, 0),
    ])
  func numbersAsNames(text: String, count: Int, width: Int, notes: Int) throws {
    let set = try StimulusSet(contentsOf: folder.file("t.csv", text: text))
    #expect(set.count == count)
    #expect(set.inputs[0].shape == [width])
    #expect(set.notes.count == notes, "\(set.notes)")
  }

  @Test(
    "with decimal commas is refused with what to write",
    arguments: [
      ("1,5;2,5\n3,5;4\n", "row 1 holds \"1,5\" in column 1"), ("a;b\n1;2,5\n", "row 2 holds \"2,5\" in column 2 (b)"),
      ("a, in cm;b, in kg\n1,5;2,5\n", "row 2 holds \"1,5\" in column 1 (a, in cm)"),
      ("1,5\t2\n", "row 1 holds \"1,5\" in column 1"),
      ("\"1,5\",2\n3,4\n", "row 1 holds \"1,5\" in column 1"),
    ])
  func decimalCommas(text: String, expected: String) throws {
    let path = folder.file("t.csv", text: text)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
    #expect(error?.message.contains("decimals with a point") == true, "\(String(describing: error))")
  }

  @Test(
    "feeds the inputs that its columns are named after",
    arguments: [
      "age,x_0,x_1,label,extra\n1,2,3,7,4\n5,6,7,8,9\n", "x[0],extra,age,label,x[1]\n2,4,1,7,3\n6,9,5,8,7\n",
      ",x_1,x_0,age,label,extra\n0,3,2,1,7,4\n1,7,6,5,8,9\n",
    ])
  func namedColumns(text: String) throws {
    let inputs = [ModelInput("x", [2]), ModelInput("age", [1])]
    var set = try StimulusSet(contentsOf: folder.file("t.csv", text: text), inputs: inputs)
    try set.fit(to: inputs)
    #expect(set.labels == [7, 8])
    #expect(try set.floats(stimulus: 0, input: 0) == [2, 3])
    #expect(try set.floats(stimulus: 1, input: 1) == [5])
    #expect(set.notes.contains { $0.contains("\"extra\"") })
    #expect(set.column("extra") == [4, 9])
  }

  @Test("feeds columns that are numbered to their places, whatever their order")
  func orderOfColumns() throws {
    for (text, expected) in [("x_1,x_0\n1,2\n", [2, 1]), ("x[1],label,x[0]\n1,7,2\n", [2, 1])] as [(String, [Float])] {
      let inputs = [ModelInput("x", [2])]
      var set = try StimulusSet(contentsOf: folder.file("t.csv", text: text), inputs: inputs)
      try set.fit(to: inputs)
      #expect(try set.floats(stimulus: 0) == expected)
    }
  }

  @Test("without a name for each column, or with one twice, has none, and a note tells", arguments: ["a,a\n1,2\n", "a,\n1,2\n"])
  func doubtfulNames(text: String) throws {
    let set = try StimulusSet(contentsOf: folder.file("t.csv", text: text))
    #expect(set.columnNames(of: "x") == nil && set.notes.contains { $0.contains("go by their numbers") }, "\(set.notes)")
  }

  @Test("feeds all its columns to an input that is alone, unless those with its name are what it takes")
  func namedColumnsOfOneInput() throws {
    let path = folder.file("t.csv", text: "x_0,x_1,id\n1,2,3\n")
    for (width, expected) in [(3, [1, 2, 3]), (2, [1, 2])] as [(Int, [Float])] {
      let inputs = [ModelInput("x", [width])]
      var set = try StimulusSet(contentsOf: path, inputs: inputs)
      try set.fit(to: inputs)
      #expect(try set.floats(stimulus: 0) == expected)
    }
  }

  @Test(
    "of another width than the model's one list of features is refused with its columns' names, which it keeps otherwise",
    arguments: [
      (
        "age,bp,class\n1,2,0\n", 2, "3 columns (\"age\" to \"class\")",
        "\"x\" takes 2: give it no others, and name one of class numbers"
      ),
      ("age,label\n1,2\n", 2, "1 columns beside its labels (\"age\" to \"age\")", "\"x\" takes 2: give it all of them"),
      ("1,2,0\n", 4, "3 columns, and", "takes 4"),
    ])
  func width(text: String, width: Int, columns: String, remedy: String) throws {
    let path = folder.file("t.csv", text: text)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path, inputs: [ModelInput("x", [width])]) }
    #expect(error?.message.contains(columns) == true && error?.message.contains(remedy) == true, "\(String(describing: error))")
    let own = try StimulusSet(contentsOf: path, inputs: [ModelInput("x", nil)])
    #expect(own.columnNames(of: "x") == (text.first == "1" ? nil : text.hasPrefix("age,bp") ? ["age", "bp", "class"] : ["age"]))
  }

  @Test("that lacks an input's columns is refused with the names")
  func missingColumn() throws {
    let inputs = [ModelInput("x", [1]), ModelInput("age", [1])]
    var set = try StimulusSet(contentsOf: folder.file("t.csv", text: "x,b\n1,2\n"), inputs: inputs)
    let error = #expect(throws: StimuliError.self) { try set.fit(to: inputs) }
    for word in ["\"age\"", "\"x\"", "columns of a table"] {
      #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }
  }

  @Test("of one column has single numbers as stimuli")
  func oneColumn() throws {
    let set = try StimulusSet(contentsOf: folder.file("t.csv", text: "1\n2\n3\n"))
    #expect(set.count == 3)
    #expect(set.inputs[0].shape == [1])
  }

  @Test("keeps the digits of double precision")
  func precision() throws {
    let set = try StimulusSet(contentsOf: folder.file("t.csv", text: "0.1,123456789.123456789\n"))
    var doubles = [Double](repeating: 0, count: 2)
    try doubles.withUnsafeMutableBytes { try set.read(stimulus: 0, input: 0, as: .float64, into: $0) }
    #expect(doubles == [0.1, 123456789.123456789])
  }

  @Test(
    "with something else in it is refused with the place",
    arguments: [
      ("1,2\n3,cat\n", "row 2 holds \"cat\" in column 2"),
      ("a,b\n1,2\n3, \n", "row 3 has nothing in column 2 (b): give a number"), ("a,b\n1,2\n3\n", "row 3 has 1 columns"),
      ("a,label\n1,x\n", "label \"x\""), ("", "no rows"), ("a,b\n", "no rows"), ("label\n1\n", "no rows"),
      ("\"1\"2,3\n", "row 1"),
    ])
  func refusals(text: String, expected: String) throws {
    let path = folder.file("t.csv", text: text)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
    #expect(error?.message.hasPrefix(path) == true)
  }
}
