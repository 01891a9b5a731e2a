/// Windows of a stream: equally long stretches of stimuli, equally far apart. What is left over at the end is in none.
package struct SlidingWindows: Sendable, Hashable {
  /// Stimuli of a window.
  package let length: Int
  /// Stimuli from the start of one to that of the next.
  package let step: Int
  package let count: Int

  /// - Parameter samples: stimuli of the stream; fewer than `length` hold no window.
  package init(samples: Int, length: Int, step: Int) {
    precondition(length > 0 && step > 0)
    self.length = length
    self.step = step
    count = samples < length ? 0 : (samples - length) / step + 1
  }

  package subscript(window: Int) -> Range<Int> {
    window * step..<window * step + length
  }

  /// Stimuli from the first to the end of the last window.
  package var covered: Int { count == 0 ? 0 : self[count - 1].upperBound }

  /// The windows that a stimulus is in.
  package func containing(_ stimulus: Int) -> Range<Int> {
    let first = max(0, stimulus - length + step) / step
    let end = min(count, stimulus / step + 1)
    return min(first, end)..<end
  }

  /// The windows that lie wholly in a stretch of the stream.
  package func windows(within stretch: Range<Int>) -> [Int] {
    (0..<count).filter { self[$0].lowerBound >= stretch.lowerBound && self[$0].upperBound <= stretch.upperBound }
  }

  /// The least distance of two windows that share no stimulus.
  package var independentDistance: Int { (length + step - 1) / step }
}
