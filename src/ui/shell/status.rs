//! The state of knowledge, always visible: how true what is on screen is, and about which cluster.

use egui::{Align, Layout, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::activity::Activity;
use crate::model::leadership::Leader;
use crate::model::session::Session;
use crate::model::status::{ClusterStatus, MirrorState, SeenAt};
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::chip::tag;
use crate::ui::widgets::progress::{bar, progress_text, share};
use crate::ui::widgets::{Button, Tone, chip, clock_text, relative_text, shortcut_text};

/// The rate of changes is an average over so many seconds.
const RATE_SECS: usize = 5;

/// Draws the line.
pub(super) fn show(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.add_space(12.0);
        mirror(ui, world, session, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(12.0);
            ui.spacing_mut().item_spacing.x = size::PAD;
            badges(ui, session);
            cluster(ui, &session.cluster);
        });
    });
    if !session.state.is_live() || unanswered(session) || session.silent_since(world.now).is_some() {
        // Ages and waits are told in seconds.
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    }
}

fn mirror(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.spacing_mut().item_spacing.x = size::PAD;
    match &session.state {
        MirrorState::Connecting => {
            chip(ui, Tone::Waiting, &t!("shell.connecting"));
        }
        MirrorState::Listing { loaded, total } => {
            chip(ui, Tone::Waiting, &t!("shell.listing"));
            let words = t!("shell.keys_read", progress = progress_text(*loaded, *total)).into_owned();
            let (rect, response) = ui.allocate_exact_size(vec2(120.0, size::BAR), Sense::hover());
            response.widget_info(|| WidgetInfo {
                value: share(*loaded, *total).map(f64::from),
                ..WidgetInfo::labeled(Role::ProgressIndicator, true, &words)
            });
            let track = egui::Rect::from_center_size(rect.center(), vec2(rect.width(), size::PROGRESS));
            bar(ui, track, share(*loaded, *total));
            ui.label(tokens.meta(words));
        }
        MirrorState::Live if session.silent_since(world.now).is_some() => {
            let since = session.judged_at(world.now);
            let words = t!("shell.as_of", time = clock_text(since, world.now));
            chip(ui, Tone::Changed, &words).on_hover_text(t!("shell.as_of_hint"));
            revision(ui, session.applied);
            ui.label(tokens.meta(t!("shell.not_proven", ago = relative_text(since, world.now))));
        }
        MirrorState::Live if unanswered(session) => {
            chip(ui, Tone::Changed, &t!("shell.checking")).on_hover_text(t!("shell.checking_hint"));
            revision(ui, session.applied);
            ui.label(tokens.meta(t!("shell.no_answer")));
        }
        MirrorState::Live => {
            chip(ui, Tone::Live, &t!("shell.live"));
            revision(ui, session.applied);
            ui.label(tokens.mono_meta(t!("shell.event_rate", n = rate(&session.activity, world.now))));
        }
        MirrorState::CatchingUp => {
            chip(ui, Tone::Waiting, &t!("shell.catching_up"));
            revision(ui, session.applied);
        }
        MirrorState::Stale { since, retry_at, .. } => {
            let at = clock_text(*since, world.now);
            chip(ui, Tone::Changed, &t!("shell.stale_since", time = at));
            ui.label(tokens.meta(relative_text(*since, world.now)));
            if session.applied > 0 {
                revision(ui, session.applied);
            }
            if let Some(wait) = wait_secs(*retry_at, world.now) {
                ui.label(tokens.meta(t!("shell.next_attempt", n = wait)));
            }
            retry(ui, actions);
        }
        MirrorState::Failed(_) => {
            chip(ui, Tone::Danger, &t!("shell.disconnected"));
            if session.applied > 0 {
                revision(ui, session.applied);
            }
            retry(ui, actions);
        }
    }
}

/// Whether no member answers its health call although the mirror has not missed anything yet: it
/// notices only when the next sign of life of its watch is overdue.
pub(super) fn unanswered(session: &Session) -> bool {
    let members = &session.cluster.members;
    session.state.is_live() && !members.is_empty() && members.iter().all(|member| member.fault.is_some())
}

fn retry(ui: &mut Ui, actions: &mut Actions) {
    let label = t!("shell.retry_now");
    let button = Button::quiet(&label).icon(icons::ARROW_CLOCKWISE).small();
    if button.shortcut(shortcut_text(UserCommand::Reconnect)).show(ui).clicked() {
        actions.push(Action::Run(UserCommand::Reconnect));
    }
}

fn revision(ui: &mut Ui, applied: i64) -> Response {
    let tokens = theme::tokens(ui);
    ui.label(tokens.mono_meta(format!("r{applied}"))).on_hover_text(t!("shell.revision_hint"))
}

/// Whole seconds until the next attempt.
fn wait_secs(retry_at: Option<SeenAt>, now: SeenAt) -> Option<i64> {
    retry_at.map(|at| (at - now).max(0).div_euclid(1_000) + i64::from((at - now).max(0) % 1_000 != 0))
}

/// Changes per second over the last whole seconds.
fn rate(activity: &Activity, now: SeenAt) -> u64 {
    let seconds = activity.rate(now);
    let whole = seconds.iter().rev().skip(1).take(RATE_SECS).map(|count| u64::from(*count)).sum::<u64>();
    whole.div_ceil(RATE_SECS as u64)
}

/// From the right: the badges of the profile.
fn badges(ui: &mut Ui, session: &Session) {
    if session.profile.is_production() {
        tag(ui, &t!("shell.production"), Tone::Danger);
    }
    if session.profile.read_only {
        tag(ui, &t!("shell.read_only"), Tone::Accent).on_hover_text(t!("shell.read_only_hint"));
    }
}

/// From the right: which member, version, leader, members.
fn cluster(ui: &mut Ui, cluster: &ClusterStatus) {
    if cluster.members.is_empty() {
        return;
    }
    let tokens = theme::tokens(ui);
    let up = cluster.members.iter().filter(|member| member.fault.is_none()).count();
    let all = cluster.members.len();
    let mut facts = Vec::new();
    let leadership = cluster.leadership().unwrap_or_default();
    facts.push(match leadership.leader {
        Leader::Member(_) => t!("shell.leader", name = leadership.name).into_owned(),
        Leader::Withheld => t!("shell.leader_withheld").into_owned(),
        Leader::Nobody | Leader::Unreachable => t!("shell.no_leader").into_owned(),
    });
    let versions: std::collections::BTreeSet<&str> = cluster
        .members
        .iter()
        .map(|member| member.version.as_str())
        .filter(|text| !text.is_empty())
        .collect();
    if !versions.is_empty() {
        facts.push(versions.into_iter().collect::<Vec<_>>().join(" / "));
    }
    if let Some(watching) = &cluster.watching {
        facts.push(t!("shell.via", name = name_of(cluster, watching)).into_owned());
    }
    let narrow = ui.available_width() < 360.0;
    if !narrow {
        ui.label(tokens.meta(facts.join("  ·  ")));
    }
    let members = t!("shell.members", up = up, all = all);
    let (tone, icon) = match (up == all, matches!(leadership.leader, Leader::Member(_) | Leader::Withheld)) {
        (true, true) => (tokens.live, icons::CHECK_CIRCLE),
        (false, true) => (tokens.changed, icons::WARNING),
        (_, false) => (tokens.danger, icons::WARNING_CIRCLE),
    };
    let response = ui.label(RichText::new(members).font(text::meta_medium()).color(tone));
    if narrow {
        response.on_hover_text(facts.join("\n"));
    }
    ui.label(RichText::new(icon).font(text::icon(size::ICON_SMALL)).color(tone));
}

/// The name of the member at an endpoint, where known.
fn name_of(cluster: &ClusterStatus, endpoint: &str) -> String {
    cluster
        .members
        .iter()
        .find(|member| member.endpoint == endpoint && !member.name.is_empty())
        .map_or_else(|| endpoint.to_owned(), |member| member.name.clone())
}

#[cfg(test)]
mod tests {
    use super::wait_secs;

    #[test]
    fn waits_are_rounded_up() {
        assert_eq!(wait_secs(Some(5_200), 1_000), Some(5));
        assert_eq!(wait_secs(Some(2_000), 1_000), Some(1));
        assert_eq!(wait_secs(Some(900), 1_000), Some(0));
        assert_eq!(wait_secs(None, 1_000), None);
    }
}
