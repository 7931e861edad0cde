//! A row of the tree by what it stands for.

use super::bytes::Key;
use super::keyspace::Keyspace;

/// Folder or key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeItemKind {
    /// A folder with everything in it.
    Folder,
    /// One key, whatever else begins with it.
    Key,
}

/// What a row of the tree stands for. The path alone does not tell: the key `a/` in the folder `a/`
/// has the folder's path, and what is meant for the one must never be done to the other.
///
/// Ordered as the rows are: by path, a folder before the key that is named like it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeItem {
    /// The key, or the folder's path with its separator (empty: everything).
    pub path: Key,
    /// Which of the two.
    pub kind: TreeItemKind,
}

impl TreeItem {
    /// A key.
    #[must_use]
    pub fn key(key: impl Into<Key>) -> Self {
        Self { path: key.into(), kind: TreeItemKind::Key }
    }

    /// A folder.
    #[must_use]
    pub fn folder(path: impl Into<Key>) -> Self {
        Self { path: path.into(), kind: TreeItemKind::Folder }
    }

    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::folder([].as_slice())
    }

    /// What stands at a path of which only the bytes were kept: the folder, where there is one.
    #[must_use]
    pub fn at(keyspace: &Keyspace, path: &Key) -> Self {
        if keyspace.folder(path).is_some() { Self::folder(path.clone()) } else { Self::key(path.clone()) }
    }

    /// Whether a folder is meant.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind == TreeItemKind::Folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::KeyMeta;

    #[test]
    fn a_folder_comes_before_the_key_of_its_name() {
        let name = b"a/".as_slice();
        assert!(TreeItem::folder(name) < TreeItem::key(name));
        assert!(TreeItem::key(name) < TreeItem::key(b"a/b".as_slice()));
    }

    #[test]
    fn bytes_alone_mean_the_folder_where_there_is_one() {
        let mut keyspace = Keyspace::default();
        let name = Key::from(b"a/".as_slice());
        assert_eq!(TreeItem::at(&keyspace, &name), TreeItem::key(name.clone()));
        keyspace.put(&name, KeyMeta::default(), None);
        assert_eq!(TreeItem::at(&keyspace, &name), TreeItem::folder(name));
    }
}
