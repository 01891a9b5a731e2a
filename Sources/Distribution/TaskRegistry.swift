/// The kinds of task and notice that a rank understands, by the names of their types.
///
/// A kind of task is its type; this list is the only other place that names it.
package struct TaskRegistry<Worker> {
  private var runs: [String: (_ body: [UInt8], Worker, _ pause: () throws -> Void) throws -> [UInt8]] = [:]
  private var notices: [String: (_ body: [UInt8], Worker) throws -> Void] = [:]

  package init() {}

  /// - Parameter part: what of a rank's worker the task runs on.
  package mutating func add<Work: RankTask>(_: Work.Type, on part: @escaping (Worker) -> Work.Worker) {
    runs[Self.name(Work.self)] = { body, worker, pause in
      try Work(message: body).run(on: part(worker), pause: pause).message
    }
  }

  package mutating func add<Work: RankTask>(_ type: Work.Type) where Work.Worker == Worker {
    add(type) { $0 }
  }

  package mutating func add<Notice: RankNotice>(_: Notice.Type) where Notice.Worker == Worker {
    notices[Self.name(Notice.self)] = { body, worker in try Notice(message: body).apply(to: worker) }
  }

  /// Runs the task of a message. - Throws: `MessageError` for a kind that isn't known, or what the task throws.
  func run(_ message: [UInt8], on worker: Worker, pause: () throws -> Void) throws -> [UInt8] {
    let named = try NamedBody(message: message)
    guard let run = runs[named.name] else { throw MessageError() }
    return try run(named.body, worker, pause)
  }

  /// Applies a notice. - Throws: `MessageError` for a kind that isn't known, or what applying it throws.
  func apply(_ message: [UInt8], to worker: Worker) throws {
    let named = try NamedBody(message: message)
    guard let apply = notices[named.name] else { throw MessageError() }
    try apply(named.body, worker)
  }

  /// The kind of a task or a notice in messages.
  static func name<Value>(_: Value.Type) -> String { String(describing: Value.self) }
}

/// A task or a notice with its kind.
struct NamedBody: Coded {
  var name = ""
  var body: [UInt8] = []

  init() {}

  init<Value: Coded>(_ value: Value, name: String = TaskRegistry<Never>.name(Value.self)) {
    self.name = name
    body = value.message
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&name)
    try coder.code(&body)
  }
}

extension RankTask {
  /// What is posted to a rank that is to run it.
  package var posted: [UInt8] { NamedBody(self).message }

  /// Reads a task from what a coordinator posts, where its kind is known: for simulated ranks.
  package init(posted message: [UInt8]) throws(MessageError) {
    try self.init(message: NamedBody(message: message).body)
  }
}
