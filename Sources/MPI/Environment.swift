internal import CMPI
internal import Glibc

/// Runs `body` inside an initialised MPI environment and finalises it when `body` returns.
///
/// The library is initialised for one thread among others (`MPI_THREAD_FUNNELED`): the one that calls this. Errors of communication are returned to the caller as `MPIError` instead
/// of ending the job.
///
/// A rank whose `body` throws can't finalise: the other ranks may be inside a collective that this one will never join.
/// So the error is passed to `onFailure`, which reports it and returns the exit code, and the whole job is aborted with
/// that code. Errors that every rank knows of should not be thrown through here; return a value instead.
///
/// - Parameters:
///   - onFailure: called on the rank that threw; returns the exit code (not 0) of the job.
///   - body: what the rank does; receives the communicator of all ranks.
/// - Returns: what `body` returned.
/// - Throws: `MPIError` if the library can't be initialised or finalised.
package func withEnvironment<Result>(
  onFailure: (any Error, Communicator) -> Int32, _ body: (Communicator) throws -> Result
) throws(MPIError) -> Result {
  var provided: Int32 = 0
  try check(MPI_Init_thread(nil, nil, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread")
  try check(MPI_Comm_set_errhandler(nnfmri_comm_world(), nnfmri_errors_return()), "MPI_Comm_set_errhandler")
  let world = try Communicator(nnfmri_comm_world())
  let result: Result
  do {
    result = try body(world)
  } catch {
    let code = onFailure(error, world)
    precondition(code != 0, "a failed job must not end with exit code 0")
    fflush(nil)
    MPI_Abort(nnfmri_comm_world(), code)
    exit(code)
  }
  try world.sayFarewell()
  try check(MPI_Finalize(), "MPI_Finalize")
  return result
}

/// The name and version of the MPI library at run time, in one line.
package func libraryVersion() -> String {
  var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING))
  var length: Int32 = 0
  guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return "unknown" }
  let whole = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  let fields = whole.prefix { $0 != "\n" }.split(whereSeparator: \.isWhitespace)
  return fields.joined(separator: " ")
}
