//! What is to be known about the whole connection, in lines below the title.

use std::collections::BTreeSet;

use egui::{Frame, Panel, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::fault::FaultKind;
use crate::model::key_text::display_short;
use crate::model::message::SessionId;
use crate::model::session::{Screen, Session};
use crate::model::status::{KeyInterval, MirrorState, Notice};
use crate::model::world::World;
use crate::ui::connect::ConnectState;
use crate::ui::theme::{self, icons};
use crate::ui::widgets::Tone;
use crate::ui::widgets::notice::{banner, fault_advice, fault_words};

/// More intervals than this are counted, not listed.
const LISTED: usize = 3;

/// Draws what is wrong with the audit log. It stays for as long as it lasts: what is written meanwhile
/// is not recorded.
pub(super) fn show_audit(ui: &mut Ui, world: &World) {
    let Some(fault) = &world.audit.trouble else { return };
    let ground = Frame::new().fill(theme::tokens(ui).panel);
    Panel::top("audit trouble").resizable(false).frame(ground).show(ui, |ui| {
        let words = t!("audit.trouble", cause = fault_words(fault), detail = fault.detail);
        banner(ui, Tone::Danger, icons::SHIELD_WARNING, &words, None);
    });
}

struct Line {
    kind: &'static str,
    tone: Tone,
    icon: &'static str,
    words: String,
    action: Option<(String, Answer)>,
}

#[derive(Clone, Copy)]
enum Answer {
    Read,
    Cluster,
    Reconnect,
    Edit,
}

/// Draws the lines.
pub(super) fn show(
    ui: &mut Ui,
    session: &Session,
    read: &mut BTreeSet<(SessionId, &'static str)>,
    connect: &mut ConnectState,
    actions: &mut Actions,
) {
    let lines: Vec<Line> =
        lines(session).into_iter().filter(|line| !read.contains(&(session.id, line.kind))).collect();
    if lines.is_empty() {
        return;
    }
    let ground = Frame::new().fill(theme::tokens(ui).panel);
    Panel::top("notices").resizable(false).frame(ground).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for line in lines {
            let action = line.action.as_ref().map(|(label, _)| label.as_str());
            if banner(ui, line.tone, line.icon, &line.words, action) {
                match line.action.map(|(_, answer)| answer) {
                    Some(Answer::Read) => {
                        read.insert((session.id, line.kind));
                    }
                    Some(Answer::Cluster) => actions.push(Action::ShowScreen(Screen::Cluster)),
                    Some(Answer::Reconnect) => actions.push(Action::Run(UserCommand::Reconnect)),
                    Some(Answer::Edit) => {
                        connect.edit(&session.profile);
                        actions.push(Action::ShowSession(None));
                    }
                    None => {}
                }
            }
        }
    });
}

fn lines(session: &Session) -> Vec<Line> {
    let mut lines = Vec::new();
    if let MirrorState::Failed(fault) | MirrorState::Stale { fault, .. } = &session.state {
        let failed = matches!(session.state, MirrorState::Failed(_));
        lines.push(Line {
            kind: "fault",
            tone: if failed { Tone::Danger } else { Tone::Changed },
            icon: if failed { icons::WARNING_CIRCLE } else { icons::WARNING },
            words: format!("{}. {}", fault_words(fault), fault_advice(fault)),
            action: match (failed, is_about_settings(fault.kind)) {
                (false, _) => None,
                (true, true) => Some((t!("shell.edit_connection").into_owned(), Answer::Edit)),
                (true, false) => Some((t!("common.retry").into_owned(), Answer::Reconnect)),
            },
        });
    }
    for (name, member) in &session.cluster.alarms {
        let member = session
            .cluster
            .members
            .iter()
            .find(|status| status.id == *member && !status.name.is_empty())
            .map_or_else(|| format!("{member:x}"), |status| status.name.clone());
        let words = match name.as_str() {
            "NOSPACE" => t!("shell.alarm_nospace", member = member),
            "CORRUPT" => t!("shell.alarm_corrupt", member = member),
            other => t!("shell.alarm_other", name = other, member = member),
        };
        let show = (session.screen != Screen::Cluster)
            .then(|| (t!("shell.show_cluster").into_owned(), Answer::Cluster));
        lines.push(Line {
            kind: "alarm",
            tone: Tone::Danger,
            icon: icons::BELL,
            words: words.into_owned(),
            action: show,
        });
    }
    lines.extend(session.cluster.notices.iter().map(notice));
    lines
}

/// Whether a change of the profile is what helps.
fn is_about_settings(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::HostUnknown
            | FaultKind::BadEndpoint
            | FaultKind::BadCertificateFile
            | FaultKind::CertificateUnknownAuthority
            | FaultKind::CertificateWrongName
            | FaultKind::ClientCertificateRefused
            | FaultKind::TlsMismatch
            | FaultKind::TlsFailed
            | FaultKind::WrongPassword
            | FaultKind::UserRequired
            | FaultKind::PermissionDenied
    )
}

fn notice(notice: &Notice) -> Line {
    let (kind, tone, icon, words) = match notice {
        Notice::AuthenticationOff => {
            ("authentication", Tone::Accent, icons::INFO, t!("shell.authentication_off").into_owned())
        }
        Notice::RestrictedTo(ranges) => {
            let words = t!("shell.restricted", ranges = ranges_text(ranges)).into_owned();
            ("restricted", Tone::Accent, icons::SHIELD, words)
        }
        Notice::OldServer(version) => {
            let words = t!("shell.old_server", version = version).into_owned();
            ("old_server", Tone::Changed, icons::WARNING, words)
        }
    };
    Line { kind, tone, icon, words, action: Some((t!("common.dismiss").into_owned(), Answer::Read)) }
}

/// The intervals as people write them: `/config/*`, `a … b`, single keys by their name.
fn ranges_text(ranges: &[KeyInterval]) -> String {
    let mut listed: Vec<String> = ranges.iter().take(LISTED).map(range_text).collect();
    if ranges.len() > LISTED {
        listed.push(t!("shell.more_ranges", n = ranges.len() - LISTED).into_owned());
    }
    listed.join(", ")
}

fn range_text(range: &KeyInterval) -> String {
    let start = display_short(&range.start, 60);
    match &range.end {
        _ if *range == KeyInterval::prefix(&range.start) => format!("{start}*"),
        Some(end) if end.strip_suffix(&[0]) == Some(range.start.as_slice()) => start.into_owned(),
        Some(end) => format!("{start} … {}", display_short(end, 60)),
        None => format!("{start} …"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_people_write_them() {
        assert_eq!(range_text(&KeyInterval::prefix(b"/config/")), "/config/*");
        assert_eq!(range_text(&KeyInterval::everything()), "*");
        let single = KeyInterval { start: b"/a".to_vec(), end: Some(b"/a\0".to_vec()) };
        assert_eq!(range_text(&single), "/a");
        let range = KeyInterval { start: b"a".to_vec(), end: Some(b"c".to_vec()) };
        assert_eq!(range_text(&range), "a … c");
    }
}
