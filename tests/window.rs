//! The real window under a virtual screen, on a real cluster.
