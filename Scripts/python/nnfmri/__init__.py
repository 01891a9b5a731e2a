"""A lesion scanner for neural networks: the command nnfmri-mpi and the libraries that it needs."""
