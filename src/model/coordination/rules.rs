//! What a profile says of services, locks and elections, over what is recognised by shape.

use serde::{Deserialize, Serialize};

/// What keys below a prefix are, whatever they look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Instances of services: `<prefix>/<service>/<instance>`.
    #[default]
    Service,
    /// Claims of locks.
    Lock,
    /// Claims of elections.
    Election,
    /// Health reports: `<prefix>/<service>/<instance>`.
    Report,
    /// Nothing of the kind.
    Nothing,
}

/// A rule of a profile: the longest prefix wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// Keys that begin with this.
    pub prefix: String,
    /// What they are.
    pub kind: RuleKind,
    /// A regular expression over `<key>\n<value>` whose first group (or whole match) names the owner of a
    /// claim; `None`: its value, else its lease.
    pub owner: Option<String>,
}

/// Who is told what by the system's notifications; everything is off at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifySettings {
    /// An instance went without deregistering, or reports that it is down.
    pub instance_down: bool,
    /// An election has another leader, or none.
    pub leader_changed: bool,
    /// A lock is held for longer than so many seconds; 0: off.
    pub lock_held_secs: u32,
    /// Owners wait for each other for ever.
    pub deadlock: bool,
    /// A key below one of these prefixes was written or deleted.
    pub keys: Vec<String>,
}

/// What a profile says of services, locks and elections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoordinationSettings {
    /// Rules by prefix.
    pub rules: Vec<Rule>,
    /// An instance whose last report is older than this, in seconds, is late.
    pub late_secs: u32,
    /// One whose last report is older than this, in seconds, counts as down.
    pub down_secs: u32,
    /// An election whose leader changed more often than this within [`Self::alert_minutes`] is marked.
    pub alert_changes: u32,
    /// The time in which changes of a leader are counted, in minutes.
    pub alert_minutes: u32,
    /// Notifications.
    pub notify: NotifySettings,
}

impl CoordinationSettings {
    /// Whether a leader that changed so often within [`Self::alert_minutes`] did too often; a limit of 0
    /// never finds so.
    #[must_use]
    pub fn is_alert(&self, changes: usize) -> bool {
        self.alert_changes > 0 && changes > self.alert_changes as usize
    }
}

impl Default for CoordinationSettings {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            late_secs: 3,
            down_secs: 10,
            alert_changes: 3,
            alert_minutes: 10,
            notify: NotifySettings::default(),
        }
    }
}
