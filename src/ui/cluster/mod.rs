//! Members and health.

mod journal;
mod members;

use egui::{Frame, Label, Margin, ScrollArea, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::key_text::display_short;
use crate::model::leadership::Leader;
use crate::model::session::Session;
use crate::model::status::{AlarmsTold, KeyInterval, MirrorState, Notice};
use crate::model::world::World;
use crate::ui::elections::raft;
use crate::ui::elections::terms::TermsState;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, chip};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{
    clock_text, count_text, fault_view, progress_line, property, property_mono, section_header,
};

/// So many readable ranges are listed.
const MAX_RANGES: usize = 20;
/// The summary's rows are not wider.
const SUMMARY_WIDTH: f32 = 520.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ClusterState {
    /// What the timeline of leaders keeps.
    terms: TermsState,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut ClusterState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ScrollArea::vertical().id_salt("cluster").auto_shrink([false, false]).show(ui, |ui| {
            Frame::new().inner_margin(Margin::symmetric(20, 12)).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                contents(ui, world, session, state, actions);
            });
        });
    });
}

fn contents(ui: &mut Ui, world: &World, session: &Session, state: &mut ClusterState, actions: &mut Actions) {
    if let MirrorState::Failed(fault) | MirrorState::Stale { fault, .. } = &session.state {
        if fault_view(ui, fault, true).retry {
            actions.push(Action::Run(UserCommand::Reconnect));
        }
        ui.add_space(size::GROUP);
    }
    alarms(ui, session);
    notices(ui, session);
    if session.cluster.members.is_empty() {
        if !matches!(session.state, MirrorState::Failed(_)) {
            progress_line(ui, &t!("cluster.asking"), 0, None, false);
        }
        return;
    }
    summary(ui, world, session, actions);
    ui.add_space(size::GROUP);
    journal::show(ui, world, session, actions);
    ui.add_space(size::GROUP);
    section_header(ui, &t!("cluster.members"), |ui| {
        ui.label(theme::tokens(ui).hint(count_text(session.cluster.members.len() as u64)));
    });
    members::show(ui, session, actions);
    ui.add_space(size::GROUP);
    raft::dissent(ui, &session.cluster.leadership().unwrap_or_default());
    raft::section(ui, world, session, &mut state.terms);
}

/// The cluster in a few words.
fn summary(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let cluster = &session.cluster;
    let up = cluster.members.iter().filter(|member| member.fault.is_none()).count();
    let all = cluster.members.len();
    let leadership = cluster.leadership().unwrap_or_default();
    ui.horizontal(|ui| {
        ui.label(tokens.number(session.profile.name.clone()));
        let tone = if up == all {
            Tone::Live
        } else if up * 2 > all {
            Tone::Changed
        } else {
            Tone::Danger
        };
        chip(ui, tone, &t!("cluster.up", up = up, all = all));
        if matches!(leadership.leader, Leader::Nobody | Leader::Unreachable) {
            chip(ui, Tone::Danger, &t!("cluster.no_leader"));
        }
    });
    ui.add_space(size::GRID);
    ui.scope(|ui| {
        ui.set_max_width(SUMMARY_WIDTH);
        let mut copied = Vec::new();
        if matches!(leadership.leader, Leader::Member(_)) {
            copied.extend(property(ui, &t!("cluster.leader"), &leadership.name));
        }
        if let Some(watching) = &cluster.watching {
            let member = cluster.members.iter().find(|member| member.endpoint == *watching);
            let name = member.map_or_else(|| watching.clone(), members::name_of);
            copied.extend(property(ui, &t!("cluster.watching"), &name));
        }
        if cluster.cluster_id != 0 {
            let id = format!("{:x}", cluster.cluster_id);
            copied.extend(property_mono(ui, &t!("cluster.id"), &id));
        }
        let revision = session.applied;
        let state = match &session.state {
            MirrorState::Live => match session.silent_since(world.now) {
                Some(since) => {
                    t!("cluster.stale", revision = revision, time = clock_text(since, world.now))
                }
                None => t!("cluster.live", revision = revision),
            },
            MirrorState::Stale { since, .. } => {
                t!("cluster.stale", revision = revision, time = clock_text(*since, world.now))
            }
            _ => t!("cluster.not_live", revision = revision),
        };
        copied.extend(property(ui, &t!("cluster.mirror"), &state));
        let alarms = match (cluster.alarms_told, cluster.alarms.len()) {
            (AlarmsTold::Unknown, _) => t!("cluster.alarms_not_known"),
            (AlarmsTold::Refused, _) => t!("cluster.alarms_refused"),
            (AlarmsTold::Told, 0) => t!("cluster.alarms_none"),
            (AlarmsTold::Told, raised) => t!("cluster.alarms_raised", count = raised),
        };
        copied.extend(property(ui, &t!("cluster.alarms"), &alarms));
        copied.extend(property(ui, &t!("cluster.keys"), &count_text(session.keyspace.len())));
        for text in copied {
            actions.push(Action::CopyText(text));
        }
    });
}

fn alarms(ui: &mut Ui, session: &Session) {
    let tokens = theme::tokens(ui);
    for (alarm, member) in &session.cluster.alarms {
        let known = session.cluster.members.iter().find(|candidate| candidate.id == *member);
        let name = known.map_or_else(|| format!("{member:x}"), members::name_of);
        card(ui, Tone::Danger, icons::WARNING, |ui| {
            ui.label(tokens.strong(t!("cluster.alarm", alarm = alarm, member = name)));
            let advice = match alarm.as_str() {
                "NOSPACE" => t!("cluster.alarm_nospace"),
                "CORRUPT" => t!("cluster.alarm_corrupt"),
                _ => t!("cluster.alarm_other"),
            };
            ui.add(Label::new(tokens.secondary(advice)).wrap());
        });
        ui.add_space(size::PAD);
    }
    if session.cluster.alarms_told == AlarmsTold::Unknown && !session.cluster.members.is_empty() {
        card(ui, Tone::Changed, icons::QUESTION, |ui| {
            ui.label(tokens.strong(t!("cluster.alarms_unknown")));
            ui.add(Label::new(tokens.secondary(t!("cluster.alarms_unknown_hint"))).wrap());
        });
        ui.add_space(size::PAD);
    }
}

fn notices(ui: &mut Ui, session: &Session) {
    let tokens = theme::tokens(ui);
    for notice in &session.cluster.notices {
        let (tone, icon) = match notice {
            Notice::OldServer(_) => (Tone::Changed, icons::WARNING),
            Notice::AuthenticationOff | Notice::RestrictedTo(_) => (Tone::Accent, icons::INFO),
        };
        card(ui, tone, icon, |ui| match notice {
            Notice::AuthenticationOff => {
                ui.add(Label::new(tokens.body(t!("cluster.authentication_off"))).wrap());
            }
            Notice::OldServer(version) => {
                ui.add(Label::new(tokens.body(t!("cluster.old_server", version = version))).wrap());
            }
            Notice::RestrictedTo(ranges) => {
                ui.add(Label::new(tokens.body(t!("cluster.restricted"))).wrap());
                for range in ranges.iter().take(MAX_RANGES) {
                    ui.add(Label::new(tokens.mono_meta(range_words(range))).truncate());
                }
            }
        });
        ui.add_space(size::PAD);
    }
}

/// An interval as etcdctl's options would say it.
fn range_words(range: &KeyInterval) -> String {
    let start = display_short(&range.start, 120);
    if *range == KeyInterval::prefix(&range.start) {
        return t!("cluster.prefix", prefix = start).into_owned();
    }
    match &range.end {
        Some(end) => t!("cluster.range", start = start, end = display_short(end, 120)).into_owned(),
        None => t!("cluster.from", start = start).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::range_words;
    use crate::model::status::KeyInterval;

    #[test]
    fn ranges_are_said_as_operators_know_them() {
        rust_i18n::set_locale("en");
        assert!(range_words(&KeyInterval::prefix(b"/a/")).contains("/a/"));
        let odd = KeyInterval { start: b"a".to_vec(), end: Some(b"\xff".to_vec()) };
        assert!(range_words(&odd).contains(r"\xff"));
    }
}
