//! tokio on its own thread: commands in, events out.
