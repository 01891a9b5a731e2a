extension Model {
  /// The number of a tensor; throws, with the nearest names, if the graph has none of that name.
  ///
  /// - Throws: `unknownTensor` with the nearest name that there is.
  @discardableResult
  package func require(_ tensor: String) throws(ModelGraphError) -> Int {
    if let number = index.numbers[tensor] { return number }
    let nearest = nearestName(to: tensor).map { "; nearest: \"\($0)\"" } ?? ""
    throw ModelGraphError(
      .unknownTensor,
      "\(label): tensor \"\(tensor)\" not found\(nearest). Run 'nnfmri-mpi layers \(label)' for the list.")
  }

  /// The tensor made by an operator whose name is nearest by edit distance; `nil` if none shares half of its
  /// characters.
  package func nearestName(to name: String) -> String? {
    let wanted = Array(name.utf8)
    var best: (name: String, distance: Int)?
    for tensor in index.order.flatMap({ index.writes[$0] }) {
      let candidate = index.names[tensor]
      let limit = best?.distance ?? (wanted.count / 2 + 1)
      let distance = editDistance(wanted, Array(candidate.utf8), below: limit)
      if distance < limit { best = (candidate, distance) }
    }
    return best?.name
  }
}

/// Levenshtein's distance in bytes, or `limit` if it is not below that.
private func editDistance(_ a: [UInt8], _ b: [UInt8], below limit: Int) -> Int {
  if abs(a.count - b.count) >= limit { return limit }
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    var least = row[0]
    for j in b.indices {
      let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      least = min(least, row[j + 1])
    }
    if least >= limit { return limit }
  }
  return min(row[b.count], limit)
}
