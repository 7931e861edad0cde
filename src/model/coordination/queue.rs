//! Locks and elections: queues of claims found in the key space, and who held them before.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ending::EndCause;
use super::finding::Layout;
use super::lease::lease_text;
use crate::model::bytes::{Key, Value};
use crate::model::record::KeyMeta;
use crate::model::status::SeenAt;

/// So many past tenures are kept of each lock and election.
pub const MOST_TENURES: usize = 200;

/// So many samples of how many wait are kept of each lock and election.
pub const MOST_CONTENTION: usize = 500;

/// What kind of turn a claim asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimMode {
    /// It waits for all before it.
    #[default]
    Whole,
    /// It waits for writers before it alone.
    Read,
    /// It waits for all before it.
    Write,
}

/// What a claim says of itself beside its owner, where its layout tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When it was taken, by the clock of the one who claims.
    pub acquired_at: Option<SeenAt>,
    /// When it was last renewed, by that clock.
    pub renewed_at: Option<SeenAt>,
    /// After this, by that clock, it no longer counts although its key is there; `None`: it ends with its
    /// lease in etcd.
    pub expires_at: Option<SeenAt>,
    /// Everything else that it says, in order.
    pub details: Vec<(String, String)>,
}

/// One key that stands in line for a lock or a leadership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The claim's own key.
    pub key: Key,
    /// Its revisions and lease.
    pub meta: KeyMeta,
    /// Its value where loaded: the candidate, or the owner's name.
    pub value: Option<Value>,
    /// What it asks for.
    pub mode: ClaimMode,
    /// Who claims, where it is known better than by the value or the lease. It may change without the key
    /// going (a Kubernetes Lease): then somebody else has the turn.
    pub owner: Option<String>,
    /// What it says of itself, where that can be told.
    pub told: Option<Arc<Told>>,
    /// When it was seen to arise; `None`: it was there before it was watched.
    pub since: Option<SeenAt>,
    /// When it was seen to get its turn; `None`: it waits, or had it before it was watched.
    pub turn_since: Option<SeenAt>,
    /// The revision that gave it its turn; `None`: as [`Self::turn_since`].
    pub turn_revision: Option<i64>,
}

impl Claim {
    /// Who claims, as text: the owner where it is known, else the value where it is text, else the lease, else
    /// the key.
    #[must_use]
    pub fn told_owner(&self) -> String {
        let text = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).ok()?;
            let short = !text.trim().is_empty() && text.len() <= 200 && !text.chars().any(char::is_control);
            short.then(|| text.to_owned())
        };
        let named = self.owner.clone().or_else(|| self.value.as_deref().and_then(text));
        named.unwrap_or_else(|| match self.meta.lease {
            0 => String::from_utf8_lossy(&self.key).into_owned(),
            lease => lease_text(lease),
        })
    }

    /// A claim that was there before it was watched.
    #[must_use]
    pub fn found(key: Key, meta: KeyMeta, value: Option<Value>) -> Self {
        Self {
            key,
            meta,
            value,
            mode: ClaimMode::Whole,
            owner: None,
            told: None,
            since: None,
            turn_since: None,
            turn_revision: None,
        }
    }
}

/// What a queue is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// A lock: the first claim holds it. (etcd locks do not guarantee mutual exclusion.)
    Lock,
    /// An election: the first claim leads.
    Election,
}

/// How the claims lie in etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimForm {
    /// Several keys in one folder, first come first served by create revision.
    Queue,
    /// Several keys in one folder; readers hold together.
    ReadWrite,
    /// One key, created by a transaction on create revision 0: who waits is not seen in etcd.
    SingleKey,
}

/// How sure the console is of what it recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It may be one: its name or its value says so.
    Likely,
    /// The shape fits: the key's last segment is its own lease, or it is laid out as a known system does.
    Certain,
    /// The profile says so.
    Ruled,
}

/// A time in which somebody held a lock or led, that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// The claim.
    pub claim: Claim,
    /// The revision from which it held: its own creation, or the one at which the claim before it went.
    pub from_revision: i64,
    /// When it was seen to end.
    pub until: SeenAt,
    /// The revision at which it ended.
    pub until_revision: i64,
    /// How it ended, as far as it can be told.
    pub cause: EndCause,
    /// How many waited when it ended.
    pub waiting: u32,
}

impl Tenure {
    /// How long it lasted, in milliseconds, where its beginning was seen.
    #[must_use]
    pub fn length_ms(&self) -> Option<i64> {
        self.claim.turn_since.map(|since| (self.until - since).max(0))
    }
}

/// How many waited at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contention {
    /// When the number changed to this.
    pub at: SeenAt,
    /// How many waited from then on.
    pub waiting: u32,
}

/// A lock or an election with all that claim it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimQueue {
    /// The name: the prefix without the lease segment and its separator, or the single key.
    pub name: Key,
    /// Lock or election.
    pub kind: ClaimKind,
    /// Queue or single key.
    pub form: ClaimForm,
    /// Which system writes such keys.
    pub layout: Layout,
    /// How sure we are.
    pub confidence: Confidence,
    /// Ordered by create revision: the first holds or leads, the others wait in this order. Empty where
    /// nobody claims it now; it is kept for its past.
    pub claims: Vec<Arc<Claim>>,
    /// Who held or led before, oldest first, at most [`MOST_TENURES`].
    pub past: Arc<VecDeque<Tenure>>,
    /// How many waited over the time watched, oldest first.
    pub contention: Arc<VecDeque<Contention>>,
}

impl ClaimQueue {
    /// A queue that nobody claims yet.
    #[must_use]
    pub fn new(name: Key, kind: ClaimKind, form: ClaimForm, confidence: Confidence) -> Self {
        Self {
            name,
            kind,
            form,
            layout: Layout::Plain,
            confidence,
            claims: Vec::new(),
            past: Arc::default(),
            contention: Arc::default(),
        }
    }

    /// Who holds or leads. (Of a read-write lock the first of those who hold.)
    #[must_use]
    pub fn holder(&self) -> Option<&Arc<Claim>> {
        self.claims.first()
    }

    /// How many hold: one, unless readers hold together.
    #[must_use]
    pub fn holding(&self) -> usize {
        let readers = || self.claims.iter().take_while(|claim| claim.mode == ClaimMode::Read).count();
        match self.form {
            ClaimForm::ReadWrite => readers().max(1).min(self.claims.len()),
            ClaimForm::Queue | ClaimForm::SingleKey => self.claims.len().min(1),
        }
    }

    /// Who holds or leads: one, unless readers hold together.
    #[must_use]
    pub fn holders(&self) -> &[Arc<Claim>] {
        self.claims.get(..self.holding()).unwrap_or_default()
    }

    /// How often whoever held or led was seen to go since this moment. (At most [`MOST_TENURES`] are known.)
    #[must_use]
    pub fn changes_since(&self, from: SeenAt) -> usize {
        self.past.iter().rev().take_while(|tenure| tenure.until >= from).count()
    }

    /// Whether nobody holds or leads since the last one went without wanting to.
    #[must_use]
    pub fn lost_its_holder(&self) -> bool {
        self.claims.is_empty() && self.past.back().is_some_and(|last| !last.cause.is_wanted())
    }

    /// Who waits, in order.
    #[must_use]
    pub fn waiting(&self) -> &[Arc<Claim>] {
        self.claims.get(self.holding()..).unwrap_or_default()
    }
}
