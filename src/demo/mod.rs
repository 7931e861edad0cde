//! A local cluster and the demonstration fleet on it.
