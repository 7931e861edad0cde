//! Tasks of the project: demo, test, ci, bench.

fn main() {}
