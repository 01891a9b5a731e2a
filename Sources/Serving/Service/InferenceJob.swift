/// A request that waits for a pass.
struct InferenceJob: Sendable {
  let content: RequestContent
  let reply: @Sendable (ServedResponse) -> Void
}
