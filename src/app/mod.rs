//! The window: events in, actions out, one frame after the other.
