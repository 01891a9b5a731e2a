import Distribution
import UserErrors

/// Ranks that answer by a script, in the test's own process: the coordinator's code is the real one.
final class ScriptedTransport: Transport {
  /// What a rank does when it is given a task.
  enum Reaction {
    case answer
    /// Fails with an exit code and a sentence.
    case fail(Int, String)
    /// Answers only after so many looks at messages, and after what it was given before.
    case late(Int)
    /// Sends something that the coordinator can't make anything of.
    case nonsense
    /// Is never heard of again.
    case silent
    /// Says some times that it is at work, every so many seconds, and then answers.
    case alive(times: Int, every: Double)
    /// Is told to stop by the system before it answers.
    case wish
  }

  let size: Int
  private(set) var now = 0.0
  /// By rank, the task numbers that it was given, in order.
  private(set) var given: [Int: [Int]] = [:]
  private(set) var interrupted: Set<Int> = []
  private(set) var dismissed: [Int: Int] = [:]
  private let reaction: (_ rank: Int, _ number: Int) -> Reaction
  private var queue: [(due: Int, message: Message, task: Bool)] = []
  private var looks = 0
  /// Messages that wait for the clock.
  private var timed: [(due: Double, message: Message)] = []

  init(size: Int, _ reaction: @escaping (_ rank: Int, _ number: Int) -> Reaction = { _, _ in .answer }) {
    self.size = size
    self.reaction = reaction
  }

  func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) throws {
    switch kind {
    case .task:
      let task = try SquareTask(posted: bytes)
      given[rank, default: []].append(task.number)
      let output = TaskAnswer(try task.run(on: (), pause: {}).message, seconds: 0.5).message
      func queue(_ kind: MessageKind, _ bytes: [UInt8], after: Int = 0) {
        let earlier = self.queue.last { $0.message.source == rank }?.due ?? 0
        self.queue.append((max(looks + after, earlier), Message(source: rank, kind: kind, bytes: bytes), true))
      }
      switch reaction(rank, task.number) {
      case .answer: queue(.output, output)
      case .late(let count): queue(.output, output, after: count)
      case .fail(let code, let sentence): queue(.failure, FailureMessage(.init(.init(rawValue: code)!, sentence)).message)
      case .silent: break
      case .alive(let times, let interval):
        for number in 1...times {
          timed.append((now + Double(number) * interval, Message(source: rank, kind: .alive, bytes: [])))
        }
        timed.append((now + Double(times) * interval, Message(source: rank, kind: .output, bytes: output)))
      case .nonsense: queue(.output, [1, 2, 3])
      case .wish:
        queue(.stopWish, [])
        queue(.output, output)
      }
    case .interrupt:
      interrupted.insert(rank)
      // What a rank hasn't begun is left undone.
      for place in self.queue.indices where self.queue[place].message.source == rank && self.queue[place].due > looks {
        self.queue[place] = (looks, Message(source: rank, kind: .abandoned, bytes: []), true)
      }
    case .stop:
      dismissed[rank] = bytes.count
    default:
      break
    }
  }

  func receive(_ kind: MessageKind?) -> Message? {
    looks += 1
    if let place = timed.firstIndex(where: { $0.due <= now }) { return timed.remove(at: place).message }
    guard let place = queue.firstIndex(where: { $0.due <= looks }) else { return nil }
    return queue.remove(at: place).message
  }

  func rest() { now += 0.001 }
  func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  func finish() {}
}

/// Squares its number.
struct SquareTask: RankTask, Hashable {
  var number = 0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&number) }

  func run(on worker: Void, pause: () throws -> Void) throws -> Double {
    try pause()
    return Double(number * number)
  }
}
