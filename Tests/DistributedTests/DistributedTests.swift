import TestSupport
import Testing

/// Tests that start ranks. One at a time, so that ranks don't fight over cores.
@Suite(.serialized, .enabled(if: Program.launcher != nil, "needs mpirun")) enum DistributedTests {}
