//! Whether a member still hears us. A network may swallow what we send and bring what the member
//! sends: then events go on for a while, and nothing that is asked is answered.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::GetOptions;
use tokio::sync::mpsc::{Receiver, channel};

use super::super::fault::worth_another_member;
use super::super::member::Member;
use super::super::task::Task;
use crate::model::fault::{Fault, FaultKind};

/// A member that serves events answers a count of nothing within this time.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// A question on its way. Dropping it ends it.
pub(super) struct Echo {
    answer: Receiver<Result<(), Fault>>,
    _task: Task<()>,
}

impl Echo {
    /// Asks the member for as little as can be, on the connection that the watch has.
    pub(super) fn ask(member: Arc<Member>) -> Self {
        let (sender, answer) = channel(1);
        let task = Task::spawn(async move {
            let ask = |mut handle: super::super::member::Handle| async move {
                let options = GetOptions::new().with_serializable().with_count_only();
                handle.kv.get("\0", Some(options)).await
            };
            let answer = match member.call(ANSWERS_WITHIN, ask).await {
                // A refusal is an answer as well.
                Err(refusal) if worth_another_member(&refusal.fault) => Err(refusal.fault),
                _ => Ok(()),
            };
            // Whoever listened is gone if this can not be told.
            let _told = sender.send(answer).await;
        });
        Self { answer, _task: task }
    }

    /// The answer, where one is waited for.
    pub(super) async fn comes(echo: &mut Option<Self>) -> Result<(), Fault> {
        let gone = || Fault::new(FaultKind::Other, "the question was not asked to its end");
        match echo {
            Some(echo) => echo.answer.recv().await.unwrap_or_else(|| Err(gone())),
            None => Ok(()),
        }
    }
}
