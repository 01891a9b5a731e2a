/// A piece of work that any rank can do, with an output that depends on the task alone.
package protocol RankTask: Coded, Sendable {
  associatedtype Output: Coded
  /// What a rank keeps between tasks: sessions, caches.
  associatedtype Worker

  /// Does the work.
  ///
  /// - Parameter pause: called between two batches; ends the task by throwing `Interruption`.
  func run(on worker: Worker, pause: () throws -> Void) throws -> Output
}

/// Something that every rank is told, outside of tasks.
package protocol RankNotice: Coded {
  associatedtype Worker

  /// Takes it to heart.
  func apply(to worker: Worker) throws
}

/// Nothing to tell.
package struct Empty: Coded, Sendable {
  package init() {}
  package mutating func code(_ coder: inout MessageCoder) {}
}

/// One of two kinds of task, for a phase whose tasks make others.
package enum EitherTask<First: RankTask, Second: RankTask>: RankTask where First.Worker == Second.Worker {
  case first(First)
  case second(Second)

  /// The output of either.
  package enum Output: Coded {
    case first(First.Output)
    case second(Second.Output)

    package init() { self = .first(First.Output()) }

    package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
      try codeCase(&coder, isSecond: { if case .second = self { true } else { false } }())
    }

    private mutating func codeCase(_ coder: inout MessageCoder, isSecond: Bool) throws(MessageError) {
      var number = isSecond ? 1 : 0
      try coder.code(&number)
      if number == 0 {
        var value = if case .first(let value) = self { value } else { First.Output() }
        try value.code(&coder)
        self = .first(value)
      } else {
        var value = if case .second(let value) = self { value } else { Second.Output() }
        try value.code(&coder)
        self = .second(value)
      }
    }
  }

  package init() { self = .first(First()) }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var number = if case .second = self { 1 } else { 0 }
    try coder.code(&number)
    if number == 0 {
      var value = if case .first(let value) = self { value } else { First() }
      try value.code(&coder)
      self = .first(value)
    } else {
      var value = if case .second(let value) = self { value } else { Second() }
      try value.code(&coder)
      self = .second(value)
    }
  }

  package func run(on worker: First.Worker, pause: () throws -> Void) throws -> Output {
    switch self {
    case .first(let task): .first(try task.run(on: worker, pause: pause))
    case .second(let task): .second(try task.run(on: worker, pause: pause))
    }
  }
}

extension EitherTask: Equatable where First: Equatable, Second: Equatable {}
extension EitherTask: Hashable where First: Hashable, Second: Hashable {}
