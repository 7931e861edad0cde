//! What a user may read, and whether that is still so.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::GetOptions;
use tokio::sync::mpsc::{Receiver, channel};

use super::cluster::{Cluster, READ_TIMEOUT};
use super::member::Member;
use super::task::Task;
use crate::model::fault::{Fault, FaultKind};
use crate::model::status::KeyInterval;

const READ: i32 = 0;
const READ_WRITE: i32 = 2;
/// How often it is checked that what is watched may still be read.
const CHECK_EVERY: Duration = Duration::from_secs(5);

impl Cluster {
    /// The intervals that the user's roles allow to read, merged and in key order. Asked only
    /// after a read of everything was refused.
    pub(super) async fn granted_intervals(&self) -> Result<Vec<KeyInterval>, Fault> {
        let Some(user) = self.user().map(str::to_owned) else {
            return Err(Fault::new(FaultKind::UserRequired, "the cluster wants a user"));
        };
        let user = user.as_str();
        let roles =
            self.ask(READ_TIMEOUT, |mut handle| async move { handle.client.user_get(user).await }).await?;
        let mut granted = Vec::new();
        for role in roles.roles() {
            let answer = self
                .ask(READ_TIMEOUT, |mut handle| async move { handle.client.role_get(role.as_str()).await })
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                // A role that was deleted meanwhile grants nothing.
                Err(fault) if fault.detail.contains("role name not found") => continue,
                Err(fault) => return Err(fault),
            };
            for permission in answer.0.perm {
                if matches!(permission.perm_type, READ | READ_WRITE) {
                    granted.push(interval_of(permission.key, permission.range_end));
                }
            }
        }
        let merged = merge(granted);
        if merged.is_empty() {
            let detail = format!("the roles of {user} allow no key to be read");
            return Err(Fault::new(FaultKind::PermissionDenied, detail));
        }
        Ok(merged)
    }
}

/// Finds out when what is watched may no longer be read. etcd checks a watch when it is created and
/// never again: it goes on for a user who has lost the permission, or whose password was changed,
/// while everything else is refused. Dropping this ends it.
pub(super) struct AccessCheck {
    refused: Receiver<Fault>,
    _task: Task<()>,
}

impl AccessCheck {
    /// Begins to ask this member, every few seconds, whether these intervals may be read.
    pub(super) fn start(member: Arc<Member>, intervals: Vec<KeyInterval>) -> Self {
        let (sender, refused) = channel(1);
        let task = Task::spawn(async move {
            loop {
                tokio::time::sleep(CHECK_EVERY).await;
                for interval in &intervals {
                    if let Some(fault) = refusal(&member, interval).await {
                        // Whoever listened is gone if this can not be told.
                        let _told = sender.send(fault).await;
                        return;
                    }
                }
            }
        });
        Self { refused, _task: task }
    }

    /// The refusal, if there has been one.
    pub(super) fn refused(&mut self) -> Option<Fault> {
        self.refused.try_recv().ok()
    }
}

/// Why an interval may not be read; `None` where it may, or where it can not be told now.
async fn refusal(member: &Member, interval: &KeyInterval) -> Option<Fault> {
    /// Permissions are checked before revisions: who may read is told that there is none like
    /// this, without a key being looked at, and who may not is refused.
    const BEYOND_ALL: i64 = i64::MAX;
    let key = if interval.start.is_empty() { vec![0] } else { interval.start.clone() };
    let end = interval.end.clone().unwrap_or_else(|| vec![0]);
    let answer = member
        .call(READ_TIMEOUT, |mut handle| {
            let options = GetOptions::new()
                .with_range(end.clone())
                .with_revision(BEYOND_ALL)
                .with_serializable()
                .with_keys_only()
                .with_limit(1);
            let key = key.clone();
            async move { handle.kv.get(key, Some(options)).await }
        })
        .await;
    let fault = answer.err()?.fault;
    let refused = matches!(
        fault.kind,
        FaultKind::PermissionDenied | FaultKind::UserRequired | FaultKind::WrongPassword
    );
    refused.then_some(fault)
}

/// A permission's range: an empty end means the one key, `"\0"` everything from the key on.
fn interval_of(key: Vec<u8>, range_end: Vec<u8>) -> KeyInterval {
    let start = if key == [0] && range_end == [0] { Vec::new() } else { key };
    match range_end.as_slice() {
        [] => {
            let mut end = start.clone();
            end.push(0);
            KeyInterval { start, end: Some(end) }
        }
        [0] => KeyInterval { start, end: None },
        _ => KeyInterval { start, end: Some(range_end) },
    }
}

/// Sorts the intervals and joins those that overlap or touch.
pub(super) fn merge(mut intervals: Vec<KeyInterval>) -> Vec<KeyInterval> {
    intervals.retain(|interval| interval.end.as_ref().is_none_or(|end| *end > interval.start));
    intervals.sort();
    let mut merged: Vec<KeyInterval> = Vec::new();
    for interval in intervals {
        match merged.last_mut() {
            Some(last) if last.end.as_ref().is_none_or(|end| interval.start <= *end) => {
                last.end = match (last.end.take(), interval.end) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    _ => None,
                };
            }
            _ => merged.push(interval),
        }
    }
    merged
}

/// What two intervals share.
pub(super) fn intersect(one: &KeyInterval, other: &KeyInterval) -> Option<KeyInterval> {
    let start = one.start.clone().max(other.start.clone());
    let end = match (&one.end, &other.end) {
        (Some(one), Some(other)) => Some(one.min(other).clone()),
        (Some(end), None) | (None, Some(end)) => Some(end.clone()),
        (None, None) => None,
    };
    end.as_ref().is_none_or(|end| *end > start).then_some(KeyInterval { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: &str, end: Option<&str>) -> KeyInterval {
        KeyInterval { start: start.into(), end: end.map(Into::into) }
    }

    #[test]
    fn a_permission_without_end_is_one_key_and_a_zero_end_is_open() {
        assert_eq!(interval_of(b"a".to_vec(), vec![]), interval("a", Some("a\0")));
        assert_eq!(interval_of(b"a".to_vec(), vec![0]), interval("a", None));
        assert_eq!(interval_of(vec![0], vec![0]), KeyInterval::everything());
    }

    #[test]
    fn overlapping_and_touching_intervals_become_one() {
        let merged = merge(vec![
            interval("m", None),
            interval("a", Some("c")),
            interval("c", Some("d")),
            interval("b", Some("c")),
            interval("x", Some("y")),
            interval("f", Some("g")),
        ]);
        assert_eq!(merged, [interval("a", Some("d")), interval("f", Some("g")), interval("m", None)]);
    }

    #[test]
    fn a_prefix_outside_the_grant_shares_nothing_with_it() {
        let grant = interval("config/", Some("config0"));
        assert_eq!(intersect(&grant, &KeyInterval::prefix(b"locks/")), None);
        let inside = KeyInterval::prefix(b"config/a/");
        assert_eq!(intersect(&grant, &inside), Some(inside));
        assert_eq!(intersect(&grant, &KeyInterval::everything()), Some(grant));
    }
}
