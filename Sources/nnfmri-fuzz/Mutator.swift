import Random

/// Draws changes of files; the same for the same seed and number.
struct Mutator {
  private var random: CounterRandom

  init(seed: UInt64, number: Int) {
    random = CounterRandom(seed: seed, domain: UInt32.max, index: UInt64(number))
  }

  mutating func below(_ bound: Int) -> Int { random.next(below: max(bound, 1)) }

  mutating func isDrawn(oneIn count: Int) -> Bool { below(count) == 0 }

  mutating func element<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Numbers at which readers trip: around powers of two, and their negatives.
  private static let edges: [UInt64] = {
    var edges: [UInt64] = [0, 3, 7, 10, 100]
    for power in 0..<64 {
      let value = UInt64(1) << UInt64(power)
      edges += [value, value &- 1, 0 &- value]
    }
    return edges
  }()

  mutating func edge() -> UInt64 { element(of: Self.edges) }

  /// One to eight changes: bits, bytes, numbers of two to eight bytes in either order, pieces taken out, doubled or moved,
  /// or the end cut off.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(isDrawn(oneIn: 3) ? 8 : 2) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = (0..<below(64)).map { _ in UInt8(below(256)) }
      return
    }
    let place = below(bytes.count)
    switch below(9) {
    case 0: bytes[place] ^= 1 << below(8)
    case 1: bytes[place] = UInt8(below(256))
    case 2: bytes[place] = element(of: [0, 1, 0x7F, 0x80, 0xFF])
    case 3, 4:
      let width = element(of: [2, 4, 8])
      let value = edge()
      let isBig = isDrawn(oneIn: 2)
      for byte in 0..<width where place + byte < bytes.count {
        bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(isBig ? width - 1 - byte : byte)))
      }
    case 5: bytes.removeSubrange(place..<min(place + 1 + below(16), bytes.count))
    case 6:
      let piece = bytes[place..<min(place + 1 + below(32), bytes.count)]
      bytes.insert(contentsOf: Array(piece), at: below(bytes.count))
    case 7: bytes.removeSubrange(place...)
    default: bytes.insert(contentsOf: (0..<1 + below(8)).map { _ in UInt8(below(256)) }, at: place)
    }
  }

  /// Words of a text replaced by others, or doubled; every fourth time bytes instead.
  mutating func mutatedText(_ bytes: [UInt8], words: [String]) -> [UInt8] {
    guard !isDrawn(oneIn: 4) else { return mutated(bytes) }
    let isWord: (UInt8) -> Bool = { $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x41 && $0 <= 0x7A || $0 == 0x2D || $0 == 0x2E }
    var pieces: [[UInt8]] = []
    for byte in bytes {
      if let last = pieces.last?.last, isWord(last), isWord(byte) {
        pieces[pieces.count - 1].append(byte)
      } else {
        pieces.append([byte])
      }
    }
    for _ in 0...below(4) where !pieces.isEmpty {
      let place = below(pieces.count)
      switch below(4) {
      case 0: pieces[place] = Array(element(of: words).utf8)
      case 1: pieces[place] = Array("\(Int64(bitPattern: edge()))".utf8)
      case 2: pieces.insert(pieces[place], at: below(pieces.count))
      default: pieces.remove(at: place)
      }
    }
    return pieces.flatMap { $0 }
  }

  /// One to three numbers of a text replaced by others: the next ones, or those at which readers trip.
  mutating func mutatedNumbers(_ bytes: [UInt8]) -> [UInt8] {
    let isDigit: (UInt8) -> Bool = { $0 >= 0x30 && $0 <= 0x39 }
    var bytes = bytes
    for _ in 0...below(3) {
      let starts = bytes.indices.filter { isDigit(bytes[$0]) && ($0 == 0 || !isDigit(bytes[$0 - 1])) }
      guard !starts.isEmpty else { return bytes }
      let start = element(of: starts)
      let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
      let number = Int(String(decoding: bytes[start..<end], as: UTF8.self)) ?? 0
      let other = [
        "\(number &+ 1)", "\(max(number, 1) - 1)", "0", "-1", "\(Int64(bitPattern: edge()))", "\(below(20))", "1e300", "0.5",
      ]
      bytes.replaceSubrange(start..<end, with: Array(element(of: other).utf8))
    }
    return bytes
  }
}
