import ModelGraph
import Stimuli

extension StimulusSet {
  /// Reads labels as what the model calls its classes, where all of them are among these and it doesn't count from 0, and takes the names
  /// over where none were given. A note says so.
  ///
  /// - Throws: as `setLabels`.
  mutating func adopt(_ classes: ClassLabels) throws(StimuliError) {
    if classNames == nil { setClassNames(classes.names) }
    guard let labels, let numbers = classes.numbers, numbers != Array(numbers.indices) else { return }
    let places = Dictionary(zip(numbers, numbers.indices), uniquingKeysWith: { first, _ in first })
    let found = labels.compactMap { places[$0] }
    guard found.count == labels.count else { return }
    try setLabels(found, from: description)
    addNote(
      "The model calls its classes \(numbers.prefix(8).map(String.init).joined(separator: ", "))\(numbers.count > 8 ? ", ..." : ""), and labels are read as these; elsewhere, as in --target and in files, classes are counted from 0."
    )
  }
}
