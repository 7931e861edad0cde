//! The etcdscope window and command line.

fn main() {}
