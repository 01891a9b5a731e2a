internal import CMalloc

/// Gives memory that was freed back to the system: glibc keeps blocks below 32 MB, which would add one step's peak to the next.
///
/// Cost: about a millisecond.
package func returnFreedMemory() { malloc_trim(0) }

/// Gives blocks of half a megabyte and more back to the system whenever one is freed. By itself glibc stops to do so with blocks as
/// large as one that was freed before.
package func returnLargeBlocksWhenFreed() { mallopt(M_MMAP_THRESHOLD, 512 << 10) }
