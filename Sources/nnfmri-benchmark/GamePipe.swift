import ArgumentParser
import Glibc
import Grids
import Shapley

/// Requests, coalitions and numbers over standard input and output, unbuffered.
struct GamePipe {
  let playerCount: Int

  /// The next line without its end; nil where the input ends.
  func readLine() throws -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while Glibc.read(STDIN_FILENO, &byte, 1) == 1 {
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return nil
  }

  func readCoalitions(_ count: Int) throws -> [Coalition] {
    let perCoalition = Coalition.wordCount(players: playerCount)
    let words = try read(count * perCoalition, of: UInt64.self)
    return (0..<count).map { index in
      Coalition(
        of: playerCount,
        intact: (0..<playerCount).filter { words[index * perCoalition + $0 >> 6] >> UInt64($0 & 63) & 1 == 1 })
    }
  }

  func readFloats(_ count: Int) throws -> [Float] { try read(count, of: Float.self) }

  func write(_ coalitions: [Coalition]) throws { try send(coalitions.flatMap(\.words)) }

  func write(_ values: [Float]) throws { try send(values) }

  func write(line: String) throws { try send(Array((line + "\n").utf8)) }

  private func read<Number: BitwiseCopyable & Numeric>(_ count: Int, of: Number.Type) throws -> [Number] {
    var numbers = [Number](repeating: .zero, count: count)
    try numbers.withUnsafeMutableBytes { bytes in
      var place = 0
      while place < bytes.count {
        let got = Glibc.read(STDIN_FILENO, bytes.baseAddress! + place, bytes.count - place)
        guard got > 0 else { throw ValidationError("A request of \(bytes.count) bytes ended after \(place).") }
        place += got
      }
    }
    return numbers
  }

  private func send<Number: BitwiseCopyable>(_ numbers: [Number]) throws {
    try numbers.withUnsafeBytes { bytes in
      var place = 0
      while place < bytes.count {
        let written = Glibc.write(STDOUT_FILENO, bytes.baseAddress! + place, bytes.count - place)
        guard written > 0 else { throw ValidationError("The answer can't be written: standard output is closed.") }
        place += written
      }
    }
  }
}
