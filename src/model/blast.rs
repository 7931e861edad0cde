//! What an action on rows of the tree would touch, and the guarded steps that it takes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::bytes::Key;
use super::dialog::BlastRadius;
use super::keyspace::KeyView;
use super::record::KeyMeta;
use super::session::Session;
use super::tree_item::{TreeItem, TreeItemKind};
use super::write::BatchStep;

/// So many keys are named in a question.
const SAMPLE: usize = 8;
/// An action on more keys than this is refused: it is to be done in parts.
pub const MAX_KEYS: usize = 100_000;

/// The keys under some rows of the tree, each once, in key order.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// The keys, with what they were when the operator was asked.
    pub keys: Vec<(Key, KeyMeta)>,
    /// There were more than [`MAX_KEYS`]: the list is not complete, and must not be acted on.
    pub too_many: bool,
}

impl Session {
    /// The keys under these rows.
    #[must_use]
    pub fn touched(&self, roots: &[TreeItem]) -> Touched {
        let mut touched = Touched::default();
        let mut seen = BTreeSet::new();
        for root in roots {
            let mut visit = |key: &[u8], view: KeyView<'_>| {
                if touched.keys.len() >= MAX_KEYS {
                    touched.too_many = true;
                    return ControlFlow::Break(());
                }
                let key = Key::from(key);
                if roots.len() == 1 || seen.insert(key.clone()) {
                    touched.keys.push((key, view.meta));
                }
                ControlFlow::Continue(())
            };
            let flow = match root.kind {
                // A path that is no folder (any more) is no prefix either.
                TreeItemKind::Folder if self.keyspace.folder(&root.path).is_none() => {
                    ControlFlow::Continue(())
                }
                TreeItemKind::Folder => self.keyspace.for_each_prefix(&root.path, &mut visit),
                TreeItemKind::Key => match self.keyspace.get(&root.path) {
                    Some(view) => visit(&root.path, view),
                    None => ControlFlow::Continue(()),
                },
            };
            if flow.is_break() {
                break;
            }
        }
        touched.keys.sort_by(|a, b| a.0.cmp(&b.0));
        touched
    }

    /// What an action on these keys would touch.
    #[must_use]
    pub fn blast_radius(&self, touched: &Touched) -> BlastRadius {
        let hit = |key: &Key| touched.keys.binary_search_by(|(touched, _)| touched.cmp(key)).is_ok();
        let held = self
            .coordination
            .queues
            .values()
            .filter(|queue| queue.holders().iter().any(|holder| hit(&holder.key)))
            .map(|queue| queue.name.clone())
            .collect();
        BlastRadius {
            keys: touched.keys.len() as u64,
            leased: touched.keys.iter().filter(|(_, meta)| meta.lease != 0).count() as u64,
            held,
            sample: touched.keys.iter().take(SAMPLE).map(|(key, _)| key.clone()).collect(),
        }
    }
}

impl Touched {
    /// Guarded deletions of these keys.
    #[must_use]
    pub fn delete_steps(&self) -> Vec<BatchStep> {
        self.keys
            .iter()
            .map(|(key, meta)| BatchStep::Delete { key: key.clone(), revision: meta.mod_revision })
            .collect()
    }

    /// Guarded copies of these keys: what follows `from` is put behind `to`. With `remove_source`
    /// it is a rename.
    #[must_use]
    pub fn move_steps(
        &self,
        from: &[u8],
        to: &[u8],
        keep_lease: bool,
        remove_source: bool,
    ) -> Vec<BatchStep> {
        self.keys
            .iter()
            .filter_map(|(key, meta)| {
                let rest = key.strip_prefix(from)?;
                Some(BatchStep::Copy {
                    from: key.clone(),
                    revision: meta.mod_revision,
                    to: Key::from([to, rest].concat()),
                    keep_lease,
                    remove_source,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
    use std::sync::Arc;

    fn session(keys: &[(&[u8], i64)]) -> Session {
        let mut session = Session::default();
        for (at, (key, lease)) in keys.iter().enumerate() {
            let revision = i64::try_from(at).unwrap() + 2;
            let meta =
                KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease: *lease };
            session.keyspace.put(key, meta, None);
        }
        session
    }

    fn folder(path: &[u8]) -> TreeItem {
        TreeItem::folder(path)
    }

    #[test]
    fn a_key_named_like_its_folder_is_not_the_folder() {
        let session = session(&[(b"a/", 7), (b"a/x", 0), (b"a/y/", 0)]);
        let names = |items: &[TreeItem]| -> Vec<Vec<u8>> {
            session.touched(items).keys.iter().map(|(key, _)| key.to_vec()).collect()
        };
        assert_eq!(names(&[TreeItem::key(&b"a/"[..])]), [b"a/".to_vec()]);
        assert_eq!(names(&[folder(b"a/")]).len(), 3);
        assert_eq!(names(&[folder(b"a/"), TreeItem::key(&b"a/"[..])]).len(), 3, "counted once");
        assert_eq!(names(&[folder(b"a")]), Vec::<Vec<u8>>::new(), "a prefix is no folder");
        let moved = session.touched(&[TreeItem::key(&b"a/"[..])]).move_steps(b"a/", b"b/", true, true);
        assert_eq!(moved.len(), 1);
    }

    #[test]
    fn a_folder_and_a_key_in_it_are_counted_once() {
        let session = session(&[(b"a/x", 0), (b"a/y", 7), (b"a", 0), (b"ab", 0)]);
        let touched = session.touched(&[folder(b"a/"), TreeItem::key(&b"a/x"[..])]);
        let names: Vec<_> = touched.keys.iter().map(|(key, _)| key.to_vec()).collect();
        assert_eq!(names, vec![b"a/x".to_vec(), b"a/y".to_vec()]);
        let radius = session.blast_radius(&touched);
        assert_eq!((radius.keys, radius.leased), (2, 1));
    }

    #[test]
    fn a_holder_that_would_be_hit_is_named() {
        let mut session = session(&[(b"locks/stock/7", 7)]);
        let key = Key::from(&b"locks/stock/7"[..]);
        let meta = session.keyspace.get(&key).unwrap().meta;
        let name = Key::from(&b"locks/stock"[..]);
        let queue = ClaimQueue::new(name, ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
        let claims = vec![Arc::new(Claim::found(key, meta, None))];
        session.coordination.add_queue(ClaimQueue { claims, ..queue });
        let touched = session.touched(&[folder(b"locks/")]);
        assert_eq!(session.blast_radius(&touched).held, vec![Key::from(&b"locks/stock"[..])]);
    }

    #[test]
    fn a_folder_moves_with_all_its_bytes() {
        let session = session(&[(b"a/\xff/x", 0), (b"a//", 0)]);
        let steps = session.touched(&[folder(b"a/")]).move_steps(b"a/", b"b/c/", true, true);
        let targets: Vec<_> = steps
            .iter()
            .map(|step| match step {
                BatchStep::Copy { to, .. } => to.to_vec(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(targets, vec![b"b/c//".to_vec(), b"b/c/\xff/x".to_vec()]);
    }
}
