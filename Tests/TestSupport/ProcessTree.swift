import Foundation

/// Processes by their numbers, as `/proc` shows them.
package enum ProcessTree {
  /// A process's children, theirs, and so on, nearest first.
  package static func descendants(of root: Int32) -> [Int32] {
    let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    let parents = numbers.compactMap { number in status(of: number).map { (number, $0.parent) } }
    var found: [Int32] = []
    var pending = [root]
    while !pending.isEmpty {
      let parent = pending.removeFirst()
      let children = parents.filter { $0.1 == parent }.map(\.0)
      found += children
      pending += children
    }
    return found
  }

  /// The descendants that run a program of this name.
  package static func descendants(of root: Int32, named name: String) -> [Int32] {
    descendants(of: root).filter { status(of: $0)?.name == String(name.prefix(15)) }
  }

  /// Whether a process is there and not merely waiting to be reaped.
  package static func isAlive(_ process: Int32) -> Bool {
    status(of: process).map { $0.state != "Z" } ?? false
  }

  /// A variable of the environment that a process was started with.
  package static func variable(_ name: String, of process: Int32) -> String? {
    let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
    return environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      .first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
  }

  /// Ends a process and its descendants: politely, then for certain.
  package static func end(_ root: Int32) {
    let all = [root] + descendants(of: root)
    kill(root, SIGTERM)
    for _ in 0..<40 where all.contains(where: isAlive) { usleep(50_000) }
    for process in all where isAlive(process) { kill(process, SIGKILL) }
  }

  private static func status(of process: Int32) -> (name: String, state: String, parent: Int32)? {
    // "NUMBER (name) state parent ..."; the name may hold spaces and parentheses, so it ends at the last one.
    guard
      let data = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
      case let text = String(decoding: data, as: UTF8.self),
      let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
    return (String(text[text.index(after: open)..<close]), String(fields[0]), parent)
  }
}
