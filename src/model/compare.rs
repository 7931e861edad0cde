//! What an open key is compared with: any two of its draft, what it is in the cluster, its versions, other
//! keys (of this or another connection) and files.

use std::path::{Path, PathBuf};

use super::bytes::{Key, Value};
use super::document::Document;
use super::fault::{Fault, FaultKind};
use super::loadable::Loadable;
use super::message::{RequestId, SessionId};
use super::record::{ChangeKind, KeyChange, KeyRecord};
use super::session::Session;
use super::world::World;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareSource {
    /// What would be saved.
    Draft,
    /// What the key is in the cluster.
    Live,
    /// What the draft was begun with.
    Base,
    /// A version of the key, with its value: it stays, even if the history is read anew.
    Version {
        /// Its mod revision.
        revision: i64,
        /// Its value.
        value: Value,
    },
    /// Another key, or the same one, in an open connection, as it is now.
    Key {
        /// The connection.
        session: SessionId,
        /// The key.
        key: Key,
    },
    /// A file.
    File(PathBuf),
}

/// The comparison that a document shows.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What stands at the left; `None`: what fits.
    pub left: Option<CompareSource>,
    /// What stands at the right; `None`: what fits.
    pub right: Option<CompareSource>,
    /// The files that were read for it.
    pub files: Vec<ComparedFile>,
}

/// A file that is compared with.
#[derive(Clone, Debug)]
pub struct ComparedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The newest request that reads it.
    pub request: RequestId,
    /// What it holds.
    pub content: Loadable<Value>,
}

/// A key that is compared with in some document, kept by the connection that it is read from.
#[derive(Clone, Debug)]
pub struct ComparedKey {
    /// The key.
    pub key: Key,
    /// The newest request that reads it.
    pub request: RequestId,
    /// What it is now; `None`: it does not exist.
    pub record: Loadable<Option<KeyRecord>>,
    /// The last revision at which the watch told of it; 0: it did not.
    pub seen: i64,
}

/// What is known of a side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Its value: not known yet, or `Some(None)`: it does not exist.
    pub value: Option<Option<Value>>,
    /// It is being read.
    pub is_pending: bool,
    /// Why it could not be read (again).
    pub fault: Option<Fault>,
    /// Its connection is not live: it may be another by now.
    pub is_stale: bool,
}

impl Compared {
    fn known(value: Option<Value>) -> Self {
        Self { value: Some(value), ..Self::default() }
    }

    /// A value that was asked for.
    fn loaded<T>(loadable: &Loadable<T>, value: impl Fn(&T) -> Option<Option<Value>>) -> Self {
        Self {
            value: loadable.value().and_then(value),
            is_pending: loadable.is_pending(),
            fault: loadable.fault().cloned(),
            is_stale: false,
        }
    }

    /// The bytes that are compared, where they are known; none where it does not exist.
    #[must_use]
    pub fn bytes(&self) -> Option<Value> {
        let value = self.value.clone()?;
        Some(value.unwrap_or_else(|| Value::from([].as_slice())))
    }

    /// Whether it is known not to exist.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.value == Some(None)
    }
}

impl Comparison {
    /// Both sides: what was chosen, or what fits. Without a draft that is what someone else did since.
    #[must_use]
    pub fn sources(&self, document: &Document) -> [CompareSource; 2] {
        let (left, right) = match &document.live {
            Some(_) if !document.is_dirty() => (CompareSource::Base, CompareSource::Live),
            _ => (CompareSource::Live, CompareSource::Draft),
        };
        [self.left.clone().unwrap_or(left), self.right.clone().unwrap_or(right)]
    }

    /// A file that was read.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<&ComparedFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether one of the chosen sides is this.
    #[must_use]
    pub fn has(&self, is_it: impl Fn(&CompareSource) -> bool) -> bool {
        self.left.iter().chain(&self.right).any(is_it)
    }
}

/// The value of a record: `None` where only the key is known.
fn value_of(record: Option<&KeyRecord>) -> Option<Option<Value>> {
    match record {
        None => Some(None),
        Some(record) => record.value.clone().map(Some),
    }
}

impl World {
    /// What is known of a side of this document's comparison.
    #[must_use]
    pub fn compared(&self, session: &Session, document: &Document, source: &CompareSource) -> Compared {
        let base = || Compared::loaded(&document.base, |base| value_of(base.as_ref()));
        match source {
            CompareSource::Draft => match &document.draft {
                Some(draft) => Compared::known(Some(draft.clone())),
                None => base(),
            },
            CompareSource::Base => base(),
            CompareSource::Live => {
                let live = match &document.live {
                    Some(live) => Compared { value: value_of(live.as_ref()), ..Compared::default() },
                    None => base(),
                };
                Compared { is_stale: !session.state.is_live(), ..live }
            }
            CompareSource::Version { value, .. } => Compared::known(Some(value.clone())),
            CompareSource::Key { session, key } => match self.session(*session) {
                None => {
                    let fault = Fault::new(FaultKind::Unavailable, "this connection has been closed");
                    Compared { fault: Some(fault), ..Compared::default() }
                }
                Some(session) => session.compared_key(key).map_or_else(Compared::default, |known| Compared {
                    is_stale: !session.state.is_live(),
                    ..Compared::loaded(&known.record, |record| value_of(record.as_ref()))
                }),
            },
            CompareSource::File(path) => {
                document.comparison.file(path).map_or_else(Compared::default, |file| {
                    Compared::loaded(&file.content, |content| Some(Some(content.clone())))
                })
            }
        }
    }

    /// Forgets keys and files that nothing is compared with any more.
    pub fn forget_compared(&mut self) {
        let mut wanted: Vec<(SessionId, Key)> = Vec::new();
        for document in self.sessions.iter_mut().flat_map(|session| &mut session.documents) {
            let comparison = &mut document.comparison;
            for source in comparison.left.iter().chain(&comparison.right) {
                if let CompareSource::Key { session, key } = source {
                    wanted.push((*session, key.clone()));
                }
            }
            let files = std::mem::take(&mut comparison.files);
            let is_wanted = |file: &ComparedFile| {
                comparison.has(|source| matches!(source, CompareSource::File(path) if *path == file.path))
            };
            comparison.files = files.into_iter().filter(is_wanted).collect();
        }
        for session in &mut self.sessions {
            let id = session.id;
            session.compared.retain(|known| wanted.iter().any(|(of, key)| *of == id && *key == known.key));
        }
    }
}

impl Session {
    /// A key that is compared with.
    #[must_use]
    pub fn compared_key(&self, key: &[u8]) -> Option<&ComparedKey> {
        self.compared.iter().find(|known| &*known.key == key)
    }

    /// Notes that a key is read to be compared with.
    pub fn ask_compared(&mut self, key: &Key, request: RequestId) {
        let at = self.compared.iter().position(|known| known.key == *key).unwrap_or_else(|| {
            let (request, record) = (RequestId::default(), Loadable::default());
            self.compared.push(ComparedKey { key: key.clone(), request, record, seen: 0 });
            self.compared.len() - 1
        });
        self.compared[at].request = request;
        self.compared[at].record.ask();
    }

    /// Takes in what a key that is compared with was when it was read.
    pub fn apply_compared(
        &mut self,
        key: &Key,
        request: RequestId,
        answer: &Result<Option<KeyRecord>, Fault>,
    ) {
        let Some(known) = self.compared.iter_mut().find(|known| known.key == *key) else { return };
        let read = match answer {
            // Of an older question; the newest is still to be answered.
            Err(_) if known.request != request => return,
            Err(fault) => return known.record.answer(Err(fault.clone())),
            Ok(read) => read.clone(),
        };
        let revision = read.as_ref().map_or(0, |record| record.meta.mod_revision);
        let told = known.record.value().cloned();
        // The watch has told of something later.
        match told {
            Some(told) if known.seen > revision && known.seen > 0 && read.is_some() => {
                known.record.answer(Ok(told));
            }
            _ => {
                known.record.answer(Ok(read));
                known.seen = 0;
            }
        }
    }

    /// Follows a key that is compared with.
    pub fn note_compared(&mut self, change: &KeyChange, revision: i64) {
        let Some(known) = self.compared.iter_mut().find(|known| known.key == change.key) else { return };
        if known.record.value().is_none() || revision <= known.seen {
            return; // Its first read is under way.
        }
        let record = match &change.kind {
            ChangeKind::Put { meta, value } => {
                Some(KeyRecord { key: change.key.clone(), meta: *meta, value: Some(value.clone()) })
            }
            ChangeKind::Delete => None,
        };
        let was = known.record.value().cloned().flatten().map_or(0, |record| record.meta.mod_revision);
        if revision > was {
            known.seen = revision;
            let is_pending = known.record.is_pending();
            known.record.answer(Ok(record));
            if is_pending {
                known.record.ask();
            }
        }
    }

    /// Takes in a file that was read.
    pub fn apply_file(&mut self, path: &Path, request: RequestId, content: &Result<Value, Fault>) {
        let files = self.documents.iter_mut().flat_map(|document| &mut document.comparison.files);
        for file in files.filter(|file| file.path == path && file.request == request) {
            file.content.answer(content.clone());
        }
    }
}

#[cfg(test)]
mod tests;
