/// The value v whose derivative an adjoint graph gives, as a function of the tensor that is read.
///
/// Each class has a score: the mean over all positions, or the score at one. v is made of the scores as
/// `ValueFunction` says.
package struct AdjointValue: Sendable, Hashable {
  /// What v is, with x the scores and c the target class.
  package enum Quantity: Sendable, Hashable {
    /// x_c.
    case logit
    /// log p_c.
    case logProbability
    /// p_c.
    case probability
    /// x_c − max over the other classes; the derivative of the maximum goes to the class that has it.
    case margin
    /// Σ f_k·x_{c_k} with the given factors; the target then is the classes c, the same for all rows.
    case sum([Double])
    /// Σ over all positions of log p of the class that is right there; the target then is these classes, the same for all rows, and
    /// one below 0 counts nothing.
    case continuation(positions: Int)
    /// One element of a row's flattened output.
    case element(Int)
  }

  package var quantity: Quantity

  /// Whether p is the sigmoid of each score, not the softmax of all.
  package var isSigmoid: Bool

  /// Whether the scores are the p themselves, of which the logarithm is taken of no less than this.
  package var leastProbability: Double?

  /// Whether the one score x stands for two classes: x_1 = x and x_0 = −x, or p_1 = x and p_0 = 1 − x where the scores are p.
  package var isDecision: Bool

  /// The axis of the tensor that counts rows; `nil` for a tensor that has none, of a single row.
  package var batchAxis: Int?

  /// The axis that counts classes; unused for one element.
  package var classAxis: Int

  /// The place, in row-major order of the axes that count neither rows nor classes, at which scores are read; `nil` for
  /// the mean over all.
  package var position: Int?

  /// How many positions there are, where the mean is over those alone whose number behind the classes of the target is 1 and not 0, the
  /// same for all rows; `nil` otherwise.
  package var maskedPositions: Int?

  /// Numbers of the target: classes that it names for all rows, and then a 0 or 1 for each position.
  package var targetCount: Int { targetClassCount + (maskedPositions ?? 0) }

  /// Classes that the target names for all rows.
  package var targetClassCount: Int {
    switch quantity {
    case .sum(let factors): factors.count
    case .continuation(let positions): positions
    default: 1
    }
  }

  package init(
    _ quantity: Quantity, isSigmoid: Bool = false, leastProbability: Double? = nil, isDecision: Bool = false,
    batchAxis: Int? = 0, classAxis: Int = 1, position: Int? = nil, maskedPositions: Int? = nil
  ) {
    self.quantity = quantity
    self.isSigmoid = isSigmoid
    self.leastProbability = leastProbability
    self.isDecision = isDecision
    self.batchAxis = batchAxis
    self.classAxis = classAxis
    self.position = position
    self.maskedPositions = maskedPositions
  }
}
