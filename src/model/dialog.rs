//! What is asked of the operator before something is done.

use super::bytes::Key;
use super::write::BatchStep;

/// What an action would touch, said before it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// Keys touched.
    pub keys: u64,
    /// Of these, keys attached to a lease.
    pub leased: u64,
    /// Locks and elections whose holder or leader is among them, by name.
    pub held: Vec<Key>,
    /// The first few keys, for the list.
    pub sample: Vec<Key>,
}

/// A question on screen. What the operator types in it lives with the view.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Create a key; the text to begin with.
    CreateKey {
        /// Prefix to begin with.
        prefix: Key,
    },
    /// Rename or copy a key or a folder.
    Move {
        /// The key, or the folder's path.
        from: Key,
        /// Whether it is a folder.
        folder: bool,
        /// Copy instead of rename.
        copy: bool,
        /// What it touches.
        radius: BlastRadius,
    },
    /// Delete keys: the confirmation makes the value that the dispatcher accepts.
    Delete {
        /// The rows selected: keys, and paths of folders.
        roots: Vec<Key>,
        /// What it touches.
        radius: BlastRadius,
        /// The steps, guarded by the revisions that were on screen when it was asked.
        steps: Vec<BatchStep>,
        /// Text to be typed before the button works (a production profile's name).
        type_to_confirm: Option<String>,
    },
    /// Bring a deleted key back; its lease is gone.
    Undelete {
        /// The key.
        key: Key,
        /// The lease it had.
        lease: i64,
    },
    /// Close a document with a draft.
    CloseDirty {
        /// The key.
        key: Key,
    },
    /// Export a prefix.
    Export {
        /// The prefix.
        prefix: Key,
        /// Keys that it holds now.
        keys: u64,
    },
    /// Settings.
    Settings,
    /// About the console.
    About,
    /// Keyboard shortcuts.
    Shortcuts,
}
