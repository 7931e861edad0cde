//! What every member tells of itself, at its own endpoint.

use std::time::Instant;

use etcd_client::{AlarmAction, AlarmType};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::cluster::{Cluster, READ_TIMEOUT};
use super::member::Handle;
use crate::model::fault::FaultKind;
use crate::model::key_text::neutral;
use crate::model::status::{AlarmsTold, ClusterStatus, MemberStatus, now};

impl Cluster {
    /// What every member tells of itself, at its own endpoint; a member that does not answer has a
    /// fault instead. What the user may not see is left out.
    pub async fn status(&self) -> ClusterStatus {
        let seen_at = now();
        let mut asked = JoinSet::new();
        for (index, member) in self.members().iter().enumerate() {
            let member = member.clone();
            asked.spawn(async move {
                let mut status =
                    MemberStatus { endpoint: member.address.written.clone(), ..MemberStatus::default() };
                let answer = member
                    .call(READ_TIMEOUT, |mut handle| async move {
                        let begun = Instant::now();
                        let answer = handle.client.status().await?;
                        Ok((answer, begun.elapsed()))
                    })
                    .await;
                match answer {
                    Ok((answer, latency)) => {
                        status.id = answer.header().map_or(0, etcd_client::ResponseHeader::member_id);
                        status.version = neutral(answer.version()).into_owned();
                        status.is_leader = status.id != 0 && answer.leader() == status.id;
                        status.leader = Some(answer.leader());
                        status.is_learner = answer.is_learner();
                        status.db_size_bytes = answer.db_size();
                        status.raft_term = answer.raft_term();
                        status.raft_index = answer.raft_index();
                        status.latency_us = u64::try_from(latency.as_micros()).ok();
                    }
                    // It answers, but not to this user about itself: that is no fault of it.
                    Err(refusal) if refusal.fault.kind == FaultKind::PermissionDenied => {}
                    Err(refusal) => status.fault = Some(refusal.fault),
                }
                (index, status)
            });
        }
        let mut members: Vec<(usize, MemberStatus)> = Vec::new();
        while let Some(answer) = asked.join_next().await {
            members.extend(answer.ok());
        }
        members.sort_unstable_by_key(|(index, _)| *index);
        let mut members: Vec<MemberStatus> = members.into_iter().map(|(_, status)| status).collect();
        // Without a majority neither is answered, and who leads is wanted all the more: they are not waited for.
        let named = timeout(READ_TIMEOUT, self.name_members(&mut members)).await;
        if named.is_err() {
            tracing::debug!("the member list was not told in time");
        }
        let alarms = timeout(READ_TIMEOUT, self.alarms(&members)).await;
        let (alarms, alarms_told) = alarms.unwrap_or((Vec::new(), AlarmsTold::Unknown));
        ClusterStatus {
            watching: self
                .watching()
                .and_then(|index| self.members().get(index))
                .map(|member| member.address.written.clone()),
            alarms,
            alarms_told,
            members,
            cluster_id: self.cluster_id(),
            seen_at,
            notices: self.notices(),
        }
    }

    /// Names from the member list, where the user may see it.
    async fn name_members(&self, members: &mut [MemberStatus]) {
        if members.iter().all(|member| member.fault.is_some()) {
            return;
        }
        let ask = |mut handle: Handle| async move { handle.client.member_list().await };
        let Ok(list) = self.ask(READ_TIMEOUT, ask).await else { return };
        for member in members {
            let written = member.endpoint.trim_end_matches('/');
            let known = list.members().iter().find(|known| {
                (member.id != 0 && known.id() == member.id)
                    || known.client_urls().iter().any(|url| {
                        url == written || url.split_once("://").is_some_and(|(_, rest)| rest == written)
                    })
            });
            if let Some(known) = known {
                member.name = neutral(known.name()).into_owned();
                member.id = known.id();
                member.is_learner = known.is_learner();
            }
        }
    }

    async fn alarms(&self, members: &[MemberStatus]) -> (Vec<(String, u64)>, AlarmsTold) {
        if members.iter().all(|member| member.fault.is_some()) {
            return (Vec::new(), AlarmsTold::Unknown);
        }
        let ask = |mut handle: Handle| async move {
            handle.client.alarm(AlarmAction::Get, AlarmType::None, None).await
        };
        let answer = match self.ask(READ_TIMEOUT, ask).await {
            Ok(answer) => answer,
            Err(fault) if fault.kind == FaultKind::PermissionDenied => {
                return (Vec::new(), AlarmsTold::Refused);
            }
            Err(_) => return (Vec::new(), AlarmsTold::Unknown),
        };
        let name = |alarm: i32| match alarm {
            1 => "NOSPACE".to_owned(),
            2 => "CORRUPT".to_owned(),
            other => format!("ALARM {other}"),
        };
        let alarms = answer.0.alarms.iter().map(|member| (name(member.alarm), member.member_id));
        (alarms.collect(), AlarmsTold::Told)
    }
}
