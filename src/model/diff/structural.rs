//! What differs between two documents by their structure: by path, whatever the order of entries and
//! the layout are. Elements of lists are aligned by those that are equal.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::tree::{Node, NodeKind, Scalar, ScalarKind, same_number};
use super::words::best_pairs;

/// Time for aligning lists; past it the result is coarser, never wrong.
const TIME: Duration = Duration::from_millis(400);
/// Blocks with more pairs of elements than this are paired in order instead of by likeness.
const PAIRING_LIMIT: usize = 2_500;

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The entry of this key; of several with the same key the `nth`, from 0.
    Key {
        /// The key.
        key: Scalar,
        /// Which of them.
        nth: usize,
    },
    /// The element at this place, from 0.
    Index(usize),
}

/// What happened to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is only in the new document.
    Added,
    /// It is only in the old document.
    Removed,
    /// It has another value.
    Changed,
    /// It is the same number, written differently.
    Rewritten,
    /// It is of another type.
    TypeChanged,
    /// It stands at another place of its list.
    Moved,
}

impl ChangeKind {
    /// The name in the catalogues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Rewritten => "rewritten",
            Self::TypeChanged => "type_changed",
            Self::Moved => "moved",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where it is in the old document; of what was added, where the list or map is that it was added
    /// to.
    pub old_path: Vec<Step>,
    /// Where it is in the new document; of what was removed, the same.
    pub new_path: Vec<Step>,
    /// What it was; `None`: it was not there.
    pub old: Option<Arc<Node>>,
    /// What it is; `None`: it is not there.
    pub new: Option<Arc<Node>>,
}

/// Compares two documents. Empty where they are equal up to the order of entries.
#[must_use]
pub fn compare(old: &Arc<Node>, new: &Arc<Node>) -> Vec<Change> {
    let mut walk = Walk {
        changes: Vec::new(),
        old_path: Vec::new(),
        new_path: Vec::new(),
        deadline: Instant::now() + TIME,
    };
    walk.node(old, new);
    walk.changes
}

/// A path as it is shown: `servers[2].port`, keys that are not plain in quotes; empty for the whole.
#[must_use]
pub fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key { key, nth } => {
                let plain = !key.text.is_empty()
                    && key.text.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '$'));
                if plain {
                    text.push_str(if text.is_empty() { "" } else { "." });
                    text.push_str(&key.text);
                } else {
                    text.push_str(&format!("[{:?}]", key.text));
                }
                if *nth > 0 {
                    text.push_str(&format!("#{}", nth + 1));
                }
            }
        }
    }
    text
}

struct Walk {
    changes: Vec<Change>,
    old_path: Vec<Step>,
    new_path: Vec<Step>,
    deadline: Instant,
}

impl Walk {
    fn node(&mut self, old: &Arc<Node>, new: &Arc<Node>) {
        if Arc::ptr_eq(old, new) || old == new {
            return;
        }
        match (&old.kind, &new.kind) {
            (NodeKind::Map(a), NodeKind::Map(b)) => self.maps(a, b),
            (NodeKind::List(a), NodeKind::List(b)) => self.lists(a, b),
            (NodeKind::Scalar(a), NodeKind::Scalar(b)) => {
                let kind = if type_of(a.kind) != type_of(b.kind) {
                    ChangeKind::TypeChanged
                } else if a.kind == ScalarKind::Number && same_number(&a.text, &b.text) {
                    ChangeKind::Rewritten
                } else {
                    ChangeKind::Changed
                };
                self.tell(kind, Some(old), Some(new));
            }
            _ => self.tell(ChangeKind::TypeChanged, Some(old), Some(new)),
        }
    }

    fn tell(&mut self, kind: ChangeKind, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        self.changes.push(Change {
            kind,
            old_path: self.old_path.clone(),
            new_path: self.new_path.clone(),
            old: old.cloned(),
            new: new.cloned(),
        });
    }

    fn maps(&mut self, old: &[(Scalar, Arc<Node>)], new: &[(Scalar, Arc<Node>)]) {
        let (old_steps, new_steps) = (steps(old), steps(new));
        let place = |steps: &[(&Scalar, usize)]| -> HashMap<(Scalar, usize), usize> {
            steps.iter().enumerate().map(|(at, (key, nth))| (((*key).clone(), *nth), at)).collect()
        };
        let (in_old, in_new) = (place(&old_steps), place(&new_steps));
        // In the order of the new document; what was removed stands where it stood.
        let mut removed = old_steps.iter().enumerate().peekable();
        let mut removed_until = |this: &mut Self, end: usize| {
            while let Some((at, (key, nth))) = removed.next_if(|(at, _)| *at < end) {
                if !in_new.contains_key(&((*key).clone(), *nth)) {
                    this.old_path.push(Step::Key { key: (*key).clone(), nth: *nth });
                    this.tell(ChangeKind::Removed, Some(&old[at].1), None);
                    this.old_path.pop();
                }
            }
        };
        for (at, (key, nth)) in new_steps.iter().enumerate() {
            let step = Step::Key { key: (*key).clone(), nth: *nth };
            match in_old.get(&((*key).clone(), *nth)) {
                Some(before) => {
                    removed_until(self, *before);
                    self.old_path.push(step.clone());
                    self.new_path.push(step);
                    self.node(&old[*before].1, &new[at].1);
                    self.old_path.pop();
                    self.new_path.pop();
                }
                None => {
                    self.new_path.push(step);
                    self.tell(ChangeKind::Added, None, Some(&new[at].1));
                    self.new_path.pop();
                }
            }
        }
        removed_until(self, old.len());
    }

    fn lists(&mut self, old: &[Arc<Node>], new: &[Arc<Node>]) {
        let (old_ids, new_ids) = numbered(old, new);
        let ops = capture_diff_slices_deadline(Algorithm::Myers, &old_ids, &new_ids, Some(self.deadline));
        let (mut pairs, mut removed, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for op in ops.into_iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
            let (olds, news) = (op.old_range(), op.new_range());
            let (mut next_old, mut next_new) = (olds.start, news.start);
            for (a, b) in self.pairs(&old[olds.clone()], &new[news.clone()]) {
                let (a, b) = (olds.start + a, news.start + b);
                removed.extend(next_old..a);
                added.extend(next_new..b);
                pairs.push((a, b));
                (next_old, next_new) = (a + 1, b + 1);
            }
            removed.extend(next_old..olds.end);
            added.extend(next_new..news.end);
        }
        let moved = moves(&old_ids, &new_ids, &mut removed, &mut added);
        let mut found: Vec<(usize, ChangeKind, usize, usize)> = Vec::new();
        found.extend(pairs.into_iter().map(|(a, b)| (b, ChangeKind::Changed, a, b)));
        found.extend(removed.into_iter().map(|a| (a, ChangeKind::Removed, a, 0)));
        found.extend(added.into_iter().map(|b| (b, ChangeKind::Added, 0, b)));
        found.extend(moved.into_iter().map(|(a, b)| (b, ChangeKind::Moved, a, b)));
        found.sort_by_key(|(at, ..)| *at);
        for (_, kind, a, b) in found {
            if kind != ChangeKind::Added {
                self.old_path.push(Step::Index(a));
            }
            if kind != ChangeKind::Removed {
                self.new_path.push(Step::Index(b));
            }
            match kind {
                ChangeKind::Added => self.tell(kind, None, Some(&new[b])),
                ChangeKind::Removed => self.tell(kind, Some(&old[a]), None),
                ChangeKind::Moved => self.tell(kind, Some(&old[a]), Some(&new[b])),
                _ => self.node(&old[a], &new[b]),
            }
            if kind != ChangeKind::Added {
                self.old_path.pop();
            }
            if kind != ChangeKind::Removed {
                self.new_path.pop();
            }
        }
    }

    /// Which elements of a block that became another block belong together, in order.
    fn pairs(&self, old: &[Arc<Node>], new: &[Arc<Node>]) -> Vec<(usize, usize)> {
        if old.is_empty() || new.is_empty() {
            return Vec::new();
        }
        let many = old.len().saturating_mul(new.len()) > PAIRING_LIMIT || Instant::now() >= self.deadline;
        if (old.len(), new.len()) == (1, 1) || many {
            return (0..old.len().min(new.len())).map(|at| (at, at)).collect();
        }
        best_pairs(old.len(), new.len(), |a, b| likeness(&old[a], &new[b]))
    }
}

/// Null, truth, number, text and time are types; a text is one however it is written.
fn type_of(kind: ScalarKind) -> ScalarKind {
    if kind == ScalarKind::BrokenText { ScalarKind::Text } else { kind }
}

/// Each entry's key, with how many of the same key stand before it.
fn steps(entries: &[(Scalar, Arc<Node>)]) -> Vec<(&Scalar, usize)> {
    let mut seen: HashMap<&Scalar, usize> = HashMap::with_capacity(entries.len());
    entries
        .iter()
        .map(|(key, _)| {
            let nth = seen.entry(key).or_default();
            *nth += 1;
            (key, *nth - 1)
        })
        .collect()
}

/// A number for each element, the same for equal ones.
fn numbered(old: &[Arc<Node>], new: &[Arc<Node>]) -> (Vec<u32>, Vec<u32>) {
    let mut by_hash: HashMap<u64, Vec<(u32, &Node)>> = HashMap::new();
    let mut next = 0;
    let mut ids = Vec::with_capacity(old.len() + new.len());
    for node in old.iter().chain(new) {
        let same = by_hash.entry(node.hash()).or_default();
        let id = same.iter().find(|(_, other)| *other == &**node).map(|(id, _)| *id).unwrap_or_else(|| {
            next += 1;
            same.push((next, node));
            next
        });
        ids.push(id);
    }
    let of_new = ids.split_off(old.len());
    (ids, of_new)
}

/// Takes elements that were removed here and added there out of both lists: they were moved.
fn moves(
    old_ids: &[u32],
    new_ids: &[u32],
    removed: &mut Vec<usize>,
    added: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    let mut places: HashMap<u32, Vec<usize>> = HashMap::new();
    for at in added.iter().rev() {
        places.entry(new_ids[*at]).or_default().push(*at);
    }
    let mut moved = Vec::new();
    removed.retain(|from| {
        let to = places.get_mut(&old_ids[*from]).and_then(Vec::pop);
        moved.extend(to.map(|to| (*from, to)));
        to.is_none()
    });
    let taken: std::collections::HashSet<usize> = moved.iter().map(|(_, to)| *to).collect();
    added.retain(|at| !taken.contains(at));
    moved
}

/// How alike two elements of a list are, 0 to 1: maps by what they have in common, most of all what
/// names them; other lists and scalars of the same type a little.
fn likeness(old: &Node, new: &Node) -> f32 {
    const NAMES: [&str; 5] = ["id", "name", "key", "route_id", "uuid"];
    match (&old.kind, &new.kind) {
        (NodeKind::Map(a), NodeKind::Map(b)) => {
            let in_b: HashMap<&Scalar, &Arc<Node>> = b.iter().map(|(key, value)| (key, value)).collect();
            let mut shared = 0.0;
            for (key, value) in a {
                let Some(other) = in_b.get(key) else { continue };
                let same = *other == value;
                if NAMES.contains(&key.text.as_str()) {
                    return if same { 1.0 } else { 0.1 };
                }
                shared += if same { 1.0 } else { 0.4 };
            }
            #[allow(clippy::cast_precision_loss)] // A ratio; its last digits do not matter.
            let most = a.len().max(b.len()).max(1) as f32;
            0.3 + 0.7 * shared / most
        }
        (NodeKind::List(_), NodeKind::List(_)) => 0.4,
        (NodeKind::Scalar(a), NodeKind::Scalar(b)) if a.kind == b.kind => {
            0.3 + 0.6 * super::words::likeness(a.text.as_bytes(), b.text.as_bytes())
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;
