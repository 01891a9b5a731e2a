internal import CMalloc

/// Gives memory that was freed back to the system: glibc keeps blocks below 32 MB, which would add one step's peak to the next.
///
/// Cost: about a millisecond.
package func returnFreedMemory() { malloc_trim(0) }
