/// What will happen, earliest first; of equal times, what was added first. A binary heap: O(log n) each.
struct EventQueue<Event> {
  private var heap: [(time: Double, order: Int, event: Event)] = []
  private var added = 0

  /// When the next event is.
  var nextTime: Double? { heap.first?.time }

  mutating func add(_ event: Event, at time: Double) {
    heap.append((time, added, event))
    added += 1
    var child = heap.count - 1
    while child > 0, isEarlier(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func takeNext() -> Event {
    heap.swapAt(0, heap.count - 1)
    let next = heap.removeLast().event
    var parent = 0
    while true {
      var first = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isEarlier(child, first) { first = child }
      guard first != parent else { return next }
      heap.swapAt(parent, first)
      parent = first
    }
  }

  private func isEarlier(_ a: Int, _ b: Int) -> Bool {
    (heap[a].time, heap[a].order) < (heap[b].time, heap[b].order)
  }
}
