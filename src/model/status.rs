//! The state of knowledge: how true what is on screen is, and about which cluster.

use super::fault::Fault;

/// Milliseconds since the Unix epoch on this machine's clock. etcd keeps no timestamps, so this is
/// always "seen at", never "changed at".
pub type SeenAt = i64;

/// A proof that the stream tells everything holds for so long, in milliseconds: where nothing happens there is
/// one about every second. What comes later is not seen as it happens.
pub const SILENT_MS: SeenAt = 2_500;

/// This moment on this machine's clock.
#[must_use]
pub fn now() -> SeenAt {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// What the mirror knows at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MirrorState {
    /// No connection has been made yet.
    #[default]
    Connecting,
    /// The first (or a new) listing is being read; the old content stays.
    Listing {
        /// Keys read so far.
        loaded: u64,
        /// Keys to read, where known.
        total: Option<u64>,
    },
    /// Every change up to the applied revision is shown, and the watch answers.
    Live,
    /// Connected again; the watch has not yet caught up.
    CatchingUp,
    /// The member has not answered for two progress periods, or the connection broke; the content
    /// is as it was at `since`.
    Stale {
        /// When the last proof of being in step was seen.
        since: SeenAt,
        /// Why.
        fault: Fault,
        /// When the next attempt is made, if one is waiting.
        retry_at: Option<SeenAt>,
    },
    /// It can not go on by itself (wrong password, permission, certificates).
    Failed(Fault),
}

impl ClusterStatus {
    /// What was told of alarms before this stands where nothing is told of them now: raised ones stay raised.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        if self.alarms_told == AlarmsTold::Unknown
            && let Some(before) = before
        {
            self.alarms.clone_from(&before.alarms);
        }
        self
    }
}

impl MirrorState {
    /// Whether what is on screen is proven to be current.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }
}

/// A member of the cluster, as its own endpoint tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberStatus {
    /// The endpoint we were given or learnt.
    pub endpoint: String,
    /// Name in the member list, empty while unknown.
    pub name: String,
    /// Member id, 0 while unknown.
    pub id: u64,
    /// Server version such as `3.5.30`.
    pub version: String,
    /// Whether it leads.
    pub is_leader: bool,
    /// The id of the member that leads, as this one believes; 0: it knows of none. `None`: it did not tell.
    pub leader: Option<u64>,
    /// Whether it is a learner.
    pub is_learner: bool,
    /// Database size in bytes.
    pub db_size_bytes: i64,
    /// Raft term.
    pub raft_term: u64,
    /// Raft index.
    pub raft_index: u64,
    /// Round-trip of the last health call, in microseconds.
    pub latency_us: Option<u64>,
    /// Why it does not answer, if it does not.
    pub fault: Option<Fault>,
}

/// Whether the cluster told which alarms are raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlarmsTold {
    /// It did (or has not been asked yet, as long as no member is known).
    #[default]
    Told,
    /// It did not: it takes a majority of the members to tell.
    Unknown,
    /// The user may not ask.
    Refused,
}

/// What is known of the cluster as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterStatus {
    /// The members, in the order of the endpoints.
    pub members: Vec<MemberStatus>,
    /// Cluster id, 0 while unknown.
    pub cluster_id: u64,
    /// Endpoint of the member that the mirror watches, if any.
    pub watching: Option<String>,
    /// Alarms raised (`NOSPACE`, `CORRUPT`), with the member id; where they were not told, as they were last.
    pub alarms: Vec<(String, u64)>,
    /// Whether that is all of them.
    pub alarms_told: AlarmsTold,
    /// When the members were asked; 0: they have not been.
    pub seen_at: SeenAt,
    /// Things the operator should know about the connection (catalogue keys), such as a user that
    /// was given to a cluster without authentication.
    pub notices: Vec<Notice>,
}

/// Something to know about the connection, not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A user was given, but the cluster has authentication switched off: connected without.
    AuthenticationOff,
    /// The user may read only these ranges; the tree shows them and no more.
    RestrictedTo(Vec<KeyInterval>),
    /// The server's version is known for watch or data bugs.
    OldServer(String),
}

impl Notice {
    /// Whether this says that the user may not read all of the interval.
    #[must_use]
    pub fn restricts(&self, wanted: &KeyInterval) -> bool {
        matches!(self, Self::RestrictedTo(ranges) if !ranges.iter().any(|range| range.holds(wanted)))
    }
}

/// An interval of keys, as permissions, ranges and watches use it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyInterval {
    /// First key (inclusive).
    pub start: Vec<u8>,
    /// End (exclusive); `None`: open to the end of the key space.
    pub end: Option<Vec<u8>>,
}

impl KeyInterval {
    /// The whole key space.
    #[must_use]
    pub fn everything() -> Self {
        Self { start: Vec::new(), end: None }
    }

    /// All keys with this prefix.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        Self { start: prefix.to_vec(), end: super::bytes::prefix_end(prefix) }
    }

    /// This key alone.
    #[must_use]
    pub fn key(key: &[u8]) -> Self {
        Self { start: key.to_vec(), end: Some([key, b"\0"].concat()) }
    }

    /// Whether the other interval lies in this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let to_the_end = match (&self.end, &other.end) {
            (None, _) => true,
            (Some(end), Some(other)) => end >= other,
            (Some(_), None) => false,
        };
        self.start <= other.start && to_the_end
    }

    /// Whether the key lies in the interval.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= self.start.as_slice() && self.end.as_deref().is_none_or(|end| key < end)
    }
}

/// One step of testing a connection, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestStepKind {
    /// Host name to address.
    Name,
    /// TCP connection.
    Port,
    /// TLS handshake (skipped for plain endpoints).
    Tls,
    /// Login (skipped without a user).
    Login,
    /// A read within what the user may read.
    Permission,
}

impl TestStepKind {
    /// All steps in order.
    pub const ALL: [Self; 5] = [Self::Name, Self::Port, Self::Tls, Self::Login, Self::Permission];
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestOutcome {
    /// It worked; the text is a fact worth showing (an address, a version), may be empty.
    Passed(String),
    /// Not needed here.
    Skipped,
    /// It failed, and the later steps were not tried.
    Failed(Fault),
}

/// A result of a connection test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestStep {
    /// The endpoint it was tried at.
    pub endpoint: String,
    /// Which step.
    pub step: TestStepKind,
    /// How it went.
    pub outcome: TestOutcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_that_were_raised_stay_so_while_nobody_tells_of_them() {
        let alarms = vec![("NOSPACE".to_owned(), 7)];
        let raised = ClusterStatus { alarms: alarms.clone(), ..ClusterStatus::default() };
        let unknown = ClusterStatus { alarms_told: AlarmsTold::Unknown, ..ClusterStatus::default() };
        let after = unknown.after(Some(&raised));
        assert_eq!((after.alarms, after.alarms_told), (alarms, AlarmsTold::Unknown));
        let told = ClusterStatus::default().after(Some(&raised));
        assert!(told.alarms.is_empty(), "it was told that there are none");
    }

    #[test]
    fn more_than_the_user_may_read_is_restricted() {
        let granted = vec![KeyInterval::prefix(b"/app/"), KeyInterval::prefix(b"/cfg/")];
        let notice = Notice::RestrictedTo(granted);
        let restricts = |prefix: &[u8]| notice.restricts(&KeyInterval::prefix(prefix));
        assert!(restricts(b"") && restricts(b"/a"));
        assert!(!restricts(b"/app/") && !restricts(b"/app/one"));
        assert!(
            !notice.restricts(&KeyInterval::key(b"/app/one")) && notice.restricts(&KeyInterval::key(b"/b"))
        );
        assert!(!Notice::AuthenticationOff.restricts(&KeyInterval::everything()));
    }
}
