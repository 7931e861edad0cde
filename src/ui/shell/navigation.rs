//! The screens of a connection at the left: with words where there is room, else icons.

use egui::{
    Color32, CornerRadius, Frame, Margin, Panel, Rect, Role, Sense, ThemePreference, Ui, WidgetInfo, pos2,
    vec2,
};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::coordination::ClaimKind;
use crate::model::session::{Screen, Session};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::{Tone, count_badge, count_text, shortcut_text};

/// Draws the navigation.
pub(super) fn show(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let narrow = ui.ctx().content_rect().width() < size::NARROW_WINDOW;
    let width = if narrow { size::NAVIGATION_NARROW } else { size::NAVIGATION };
    let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(6, 8));
    Panel::left("navigation").resizable(false).exact_size(width).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for screen in Screen::ALL {
            entry(ui, session, screen, narrow, actions);
        }
        ui.with_layout(egui::Layout::bottom_up(egui::Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            command(ui, icons::KEYBOARD, &t!("shell.shortcuts"), UserCommand::Shortcuts, narrow, actions);
            // What is applied, not the setting: the command line may say otherwise.
            let (icon, name) = match ui.ctx().options(|options| options.theme_preference) {
                ThemePreference::System => (icons::CIRCLE_HALF, t!("shell.theme_system")),
                ThemePreference::Dark => (icons::MOON, t!("shell.theme_dark")),
                ThemePreference::Light => (icons::SUN, t!("shell.theme_light")),
            };
            command(ui, icon, &name, UserCommand::CycleTheme, narrow, actions);
        });
    });
}

struct Look<'a> {
    icon: &'a str,
    name: &'a str,
    selected: bool,
    badge: Option<(String, Tone)>,
    shortcut: Option<String>,
    role: Role,
}

fn entry(ui: &mut Ui, session: &Session, screen: Screen, narrow: bool, actions: &mut Actions) {
    let claims = |kind: ClaimKind| {
        let count = session.coordination.totals.of(kind);
        (count > 0).then(|| (count_text(count as u64), Tone::Plain))
    };
    let (icon, name, badge, command) = match screen {
        Screen::Keys => {
            let keys = session.keyspace.len();
            let badge = (keys > 0).then(|| (short_count(keys), Tone::Plain));
            (icons::KEY, t!("shell.keys"), badge, UserCommand::ShowKeys)
        }
        Screen::Overview => (icons::GAUGE, t!("shell.overview"), None, UserCommand::ShowOverview),
        Screen::Services => {
            let services = session.coordination.services.len();
            let badge = (services > 0).then(|| (count_text(services as u64), Tone::Plain));
            (icons::PLUGS_CONNECTED, t!("shell.services"), badge, UserCommand::ShowServices)
        }
        Screen::Leases => {
            let leases = session.coordination.leases.len();
            let badge = (leases > 0).then(|| (count_text(leases as u64), Tone::Plain));
            (icons::TIMER, t!("shell.leases"), badge, UserCommand::ShowLeases)
        }
        Screen::Locks => {
            let badge = match session.coordination.waits.cycles.len() {
                0 => claims(ClaimKind::Lock),
                deadlocks => Some((count_text(deadlocks as u64), Tone::Danger)),
            };
            (icons::LOCK, t!("shell.locks"), badge, UserCommand::ShowLocks)
        }
        Screen::Elections => (
            icons::CROWN_SIMPLE,
            t!("shell.elections"),
            claims(ClaimKind::Election),
            UserCommand::ShowElections,
        ),
        Screen::Environments => {
            (icons::TREE_STRUCTURE, t!("shell.environments"), None, UserCommand::ShowEnvironments)
        }
        Screen::Restore => {
            // One that was interrupted is to be seen without being looked for.
            let stopped = session.plans.unfinished();
            let badge = (stopped > 0).then(|| (count_text(stopped as u64), Tone::Changed));
            (icons::CLOCK_COUNTER_CLOCKWISE, t!("shell.restore"), badge, UserCommand::ShowRestore)
        }
        Screen::Audit => (icons::LIST, t!("shell.audit"), None, UserCommand::ShowAudit),
        Screen::Cluster => {
            let down = session.cluster.members.iter().filter(|member| member.fault.is_some()).count();
            let alarms = session.cluster.alarms.len();
            let badge = match (alarms, down) {
                (1.., _) => Some((count_text((alarms + down) as u64), Tone::Danger)),
                (0, 1..) => Some((count_text(down as u64), Tone::Changed)),
                (0, 0) => None,
            };
            (icons::HARD_DRIVES, t!("shell.cluster"), badge, UserCommand::ShowCluster)
        }
    };
    let look = Look {
        icon,
        name: &name,
        selected: session.screen == screen,
        badge,
        shortcut: shortcut_text(command),
        role: Role::Tab,
    };
    if row(ui, &look, narrow) {
        actions.push(Action::ShowScreen(screen));
    }
}

fn command(ui: &mut Ui, icon: &str, name: &str, command: UserCommand, narrow: bool, actions: &mut Actions) {
    let shortcut = shortcut_text(command);
    let look = Look { icon, name, selected: false, badge: None, shortcut, role: Role::Button };
    if row(ui, &look, narrow) {
        actions.push(Action::Run(command));
    }
}

fn row(ui: &mut Ui, look: &Look<'_>, narrow: bool) -> bool {
    let tokens = theme::tokens(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), size::CONTROL + 2.0), Sense::click());
    let spoken = match &look.badge {
        Some((count, _)) => format!("{} {count}", look.name),
        None => look.name.to_owned(),
    };
    response.widget_info(|| match look.role {
        Role::Tab => WidgetInfo::selected(Role::Tab, true, look.selected, &spoken),
        role => WidgetInfo::labeled(role, true, &spoken),
    });
    let hot = response.hovered();
    let radius = CornerRadius::same(size::RADIUS);
    let fill = match (look.selected, hot) {
        (true, _) => tokens.selected,
        (false, true) => tokens.hover,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, radius, fill);
    let colour = if look.selected || hot { tokens.text } else { tokens.second };
    let icon_colour = if look.selected { tokens.accent } else { colour };
    let y = rect.center().y;
    if narrow {
        paint_icon(ui, rect.center(), look.icon, 18.0, icon_colour);
        if let Some((_, tone)) = look.badge.as_ref().filter(|(_, tone)| *tone != Tone::Plain) {
            let mark = Rect::from_center_size(rect.right_top() + vec2(-7.0, 7.0), vec2(7.0, 7.0));
            ui.painter().circle_filled(mark.center(), 3.5, tone.colour(tokens));
        }
    } else {
        paint_icon(ui, pos2(rect.left() + 17.0, y), look.icon, size::ICON, icon_colour);
        let galley = ui.painter().layout_no_wrap(look.name.to_owned(), text::medium(), colour);
        ui.painter().galley(pos2(rect.left() + 33.0, y - galley.size().y / 2.0), galley, colour);
        match &look.badge {
            Some((count, Tone::Plain)) => {
                let galley = ui.painter().layout_no_wrap(count.clone(), text::mono_small(), tokens.faint);
                let at = pos2(rect.right() - 8.0 - galley.size().x, y - galley.size().y / 2.0);
                ui.painter().galley(at, galley, tokens.faint);
            }
            Some((count, tone)) => {
                count_badge(ui, rect.right() - 6.0, y, count, *tone);
            }
            None => {}
        }
    }
    focus_ring(ui, rect.shrink(2.0), &response);
    let tooltip = match (&look.shortcut, narrow) {
        (Some(keys), true) => format!("{}   {keys}", look.name),
        (None, true) => look.name.to_owned(),
        (Some(keys), false) => keys.clone(),
        (None, false) => String::new(),
    };
    let response = if tooltip.is_empty() { response } else { response.on_hover_text(tooltip) };
    response.clicked()
}

/// A count in little room: `999`, `12.3k`, `1.2M`.
fn short_count(count: u64) -> String {
    match count {
        ..10_000 => count_text(count),
        10_000..1_000_000 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::short_count;

    #[test]
    fn large_counts_are_shortened() {
        assert_eq!(short_count(9_999), "9,999");
        assert_eq!(short_count(12_345), "12.3k");
        assert_eq!(short_count(2_000_000), "2.0M");
    }
}
